// SPDX-License-Identifier: Apache-2.0
// Faults in the address range of device memory, told in words.
#include "emulation.hpp"
#include "memory.hpp"
#include "report.hpp"

#include <csignal>
#include <cstring>

namespace disentangle::emulation::detail {
namespace {

struct sigaction previous;

// The process ends here, so what a signal handler may not do on its way back to the program does no harm.
void on_fault(int, siginfo_t* information, void*) {
  void* const address = information->si_addr;
  if (!is_device_address(address)) {
    sigaction(SIGSEGV, &previous, nullptr);              // the faulting instruction runs again and meets it
    if (information->si_code <= 0) std::raise(SIGSEGV);  // no instruction: somebody sent the signal
    return;
  }
  Allocation const* const allocation = allocation_at(address);
  auto const offset = allocation ? static_cast<std::byte const*>(address) - allocation->data : 0;
  if (running_operation() == nullptr) {
    if (allocation == nullptr)
      fail("the host read or wrote device memory at %p, which is in no allocation", address);
    fail("the host read or wrote device memory at %p, byte %td of an allocation of %zu bytes%s", address,
         offset, allocation->size, allocation->state == Allocation::State::freed ? " that is freed" : "");
  }
  if (allocation && allocation->state == Allocation::State::freed)
    fail("device work of %s read or wrote %p, byte %td of an allocation of %zu bytes that is freed",
         running_operation(), address, offset, allocation->size);
  if (allocation && allocation->state == Allocation::State::coming)
    fail("device work of %s read or wrote %p, byte %td of an allocation of %zu bytes that its stream has not "
         "yet reached",
         running_operation(), address, offset, allocation->size);
  Allocation const* const before = allocation_at(static_cast<std::byte const*>(address) - 4096);
  if (before)
    fail("device work of %s read or wrote %p, which is in no allocation: it is byte %td of one of %zu bytes",
         running_operation(), address, static_cast<std::byte const*>(address) - before->data, before->size);
  fail("device work of %s read or wrote %p, which is in no allocation", running_operation(), address);
}

}  // namespace

void watch_for_faults() {
  struct sigaction now;
  sigaction(SIGSEGV, nullptr, &now);
  if ((now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == on_fault) return;
  previous = now;
  struct sigaction ours;
  std::memset(&ours, 0, sizeof ours);
  sigemptyset(&ours.sa_mask);
  ours.sa_flags = SA_SIGINFO | SA_NODEFER;
  ours.sa_sigaction = on_fault;
  sigaction(SIGSEGV, &ours, nullptr);
}

}  // namespace disentangle::emulation::detail
