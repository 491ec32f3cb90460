// SPDX-License-Identifier: Apache-2.0
#include "memory.hpp"

#include "emulation.hpp"
#include "report.hpp"
#include "settings.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define DISENTANGLE_EMULATION_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DISENTANGLE_EMULATION_ASAN 1
#endif
#endif
#if defined(DISENTANGLE_EMULATION_ASAN)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) static_cast<void>(0)
#define ASAN_UNPOISON_MEMORY_REGION(address, size) static_cast<void>(0)
#endif

namespace disentangle::emulation {
namespace detail {
namespace {

constexpr std::size_t reserved_bytes = std::size_t{1} << 40;  // addresses, not memory: none is used twice
constexpr std::size_t alignment = 256;
constexpr std::size_t accounting_unit = 512;
constexpr std::size_t huge_page = std::size_t{2} << 20;  // large memory is protected by these
constexpr std::uint32_t poison_word = 0x7FF4DEAD;
constexpr std::uint32_t canary_word = 0x7FF5C0DE;  // NaN too, for reads beyond an allocation
constexpr std::size_t near_bytes = alignment;      // of the gaps, looked at after every operation

std::size_t page_size() {
  static auto const size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

constexpr std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

struct Range {
  std::byte* begin = nullptr;
  std::byte* next = nullptr;
  std::map<std::byte*, Allocation> allocations;  // by their first page
  std::map<std::byte*, Allocation> freed;        // for messages
  std::size_t used = 0;
  int accesses = 0;

  Range() {
    void* const address = mmap(nullptr, reserved_bytes + huge_page, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address == MAP_FAILED) fail("no address range of %zu bytes for device memory", reserved_bytes);
    auto const skipped = round_up(reinterpret_cast<std::uintptr_t>(address), huge_page) -
                         reinterpret_cast<std::uintptr_t>(address);
    next = begin = static_cast<std::byte*>(address) + skipped;
  }
};

Range& range() {
  static auto& value = *new Range;
  return value;
}

void protect(Allocation const& allocation, int protection) {
  if (mprotect(allocation.pages, allocation.page_bytes, protection) != 0)
    fail("mprotect of %zu bytes of device memory failed: %s", allocation.page_bytes, std::strerror(errno));
}

bool is_accessible(Allocation const& allocation) { return allocation.state == Allocation::State::live; }

// Not instrumented: the gaps are poisoned for address sanitizer.
#if defined(__clang__) || defined(__GNUC__)
__attribute__((no_sanitize("address"), noinline))
#endif
std::byte const*
first_overwritten(std::byte const* first, std::byte const* last) {
  for (auto const* at = first; at < last; ++at) {
    auto const phase = reinterpret_cast<std::uintptr_t>(at) % sizeof canary_word;
    if (static_cast<unsigned char>(*at) != static_cast<unsigned char>(canary_word >> 8 * phase)) return at;
  }
  return nullptr;
}

void check_canary(Allocation const& allocation, std::size_t reach) {
  std::byte const* const end = allocation.data + allocation.size;
  auto const before = std::min(reach, static_cast<std::size_t>(allocation.data - allocation.pages));
  auto const behind =
      std::min(reach, static_cast<std::size_t>(allocation.pages + allocation.page_bytes - end));
  std::byte const* found = first_overwritten(allocation.data - before, allocation.data);
  if (found == nullptr) found = first_overwritten(end, end + behind);
  if (found == nullptr) return;
  fail("device work%s%s wrote outside an allocation of %zu bytes, at byte %td of it",
       running_operation() ? " of " : "", running_operation() ? running_operation() : "", allocation.size,
       found - allocation.data);
}

}  // namespace

Allocation* allocate(std::size_t size, Allocation::State state) {
  Range& memory = range();
  std::size_t const accounted = round_up(size, accounting_unit);
  if (accounted < size || accounted > settings().memory_limit ||
      memory.used > settings().memory_limit - accounted)
    return nullptr;
  std::size_t const padded = round_up(size, alignment), page_bytes = round_up(padded, page_size());
  std::byte* const pages =
      memory.begin + round_up(static_cast<std::size_t>(memory.next - memory.begin) + page_size(),
                              page_bytes >= huge_page ? huge_page : page_size());
  if (static_cast<std::size_t>(pages - memory.begin) + page_bytes + page_size() > reserved_bytes)
    fail("the address range of device memory, %zu bytes, is used up", reserved_bytes);
  memory.next = pages + page_bytes;
  memory.used += accounted;
  auto& allocation = memory.allocations[pages];
  allocation = {pages + page_bytes - padded, size, pages, page_bytes, current_device(),
                Allocation::State::coming};
  if (state == Allocation::State::live) make_live(allocation);
  return &allocation;
}

void make_live(Allocation& allocation) {
  allocation.state = Allocation::State::live;
  protect(allocation, PROT_READ | PROT_WRITE);
  if (allocation.page_bytes >= huge_page) madvise(allocation.pages, allocation.page_bytes, MADV_HUGEPAGE);
  std::fill_n(reinterpret_cast<std::uint32_t*>(allocation.pages), allocation.page_bytes / sizeof canary_word,
              canary_word);
  poison(allocation.data, allocation.size);
  std::byte* const end = allocation.data + allocation.size;
  ASAN_POISON_MEMORY_REGION(allocation.pages, static_cast<std::size_t>(allocation.data - allocation.pages));
  ASAN_POISON_MEMORY_REGION(end, static_cast<std::size_t>(allocation.pages + allocation.page_bytes - end));
  static_cast<void>(end);
  if (range().accesses == 0) protect(allocation, PROT_NONE);
}

void release(Allocation& allocation) {
  protect(allocation, PROT_READ);
  check_canary(allocation, allocation.page_bytes);
  protect(allocation, PROT_NONE);
  ASAN_UNPOISON_MEMORY_REGION(allocation.pages, allocation.page_bytes);
  madvise(allocation.pages, allocation.page_bytes, MADV_DONTNEED);
  allocation.state = Allocation::State::freed;
  range().used -= round_up(allocation.size, accounting_unit);
  range().freed.insert(range().allocations.extract(allocation.pages));
}

Allocation* allocation_at(void const* address) {
  auto* const at = static_cast<std::byte*>(const_cast<void*>(address));
  for (auto* allocations : {&range().allocations, &range().freed}) {
    auto found = allocations->upper_bound(at);
    if (found == allocations->begin()) continue;
    Allocation& allocation = std::prev(found)->second;
    if (at < allocation.pages + allocation.page_bytes) return &allocation;
  }
  return nullptr;
}

Allocation* allocation_that_starts_at(void const* address) {
  Allocation* const allocation = allocation_at(address);
  bool const found =
      allocation && allocation->data == address && allocation->state != Allocation::State::freed;
  return found ? allocation : nullptr;
}

bool inside_one_allocation(void const* address, std::size_t bytes) {
  Allocation const* const allocation = allocation_at(address);
  auto const* const at = static_cast<std::byte const*>(address);
  return allocation && allocation->state != Allocation::State::freed && at >= allocation->data &&
         at <= allocation->data + allocation->size &&
         bytes <= static_cast<std::size_t>(allocation->data + allocation->size - at);
}

void require_allocated(char const* who, char const* operand, void const* address, std::size_t bytes) {
  if (bytes == 0 || inside_one_allocation(address, bytes)) return;
  Allocation const* const allocation = allocation_at(address);
  if (allocation == nullptr)
    fail("%s: %s at %p, %zu bytes, is not device memory", who, operand, address, bytes);
  if (allocation->state == Allocation::State::freed)
    fail("%s: %s of %zu bytes lies in an allocation of %zu bytes that is freed", who, operand, bytes,
         allocation->size);
  fail("%s: %s of %zu bytes from byte %td goes beyond its allocation of %zu bytes", who, operand, bytes,
       static_cast<std::byte const*>(address) - allocation->data, allocation->size);
}

void require_live(char const* who, char const* operand, void const* address, std::size_t bytes) {
  require_allocated(who, operand, address, bytes);
  if (bytes != 0 && !is_accessible(*allocation_at(address)))
    fail("%s: %s of %zu bytes lies in an allocation that its stream has not yet reached", who, operand,
         bytes);
}

std::size_t bytes_used() { return range().used; }

Owned owned() {
  Owned owned;
  for (auto const& [pages, allocation] : range().allocations) {
    if (allocation.going) continue;
    ++owned.allocations;
    owned.bytes += allocation.size;
  }
  return owned;
}

DeviceAccess::DeviceAccess() {
  if (range().accesses++ > 0) return;
  for (auto const& [pages, allocation] : range().allocations)
    if (is_accessible(allocation)) protect(allocation, PROT_READ | PROT_WRITE);
}

DeviceAccess::~DeviceAccess() {
  if (--range().accesses > 0) return;
  for (auto const& [pages, allocation] : range().allocations)
    if (is_accessible(allocation)) protect(allocation, PROT_NONE);
}

char const*& running_operation() {
  static char const* name = nullptr;
  return name;
}

void check_canaries(bool everywhere) {
  DeviceAccess const access;
  for (auto const& [pages, allocation] : range().allocations)
    if (is_accessible(allocation)) check_canary(allocation, everywhere ? allocation.page_bytes : near_bytes);
}

void poison(void* address, std::size_t bytes) {
  auto* const at = static_cast<std::byte*>(address);
  std::size_t const words = bytes / sizeof poison_word;
  if (reinterpret_cast<std::uintptr_t>(at) % alignof(std::uint32_t) == 0)
    std::fill_n(reinterpret_cast<std::uint32_t*>(at), words, poison_word);
  else
    for (std::size_t i = 0; i < words; ++i)
      std::memcpy(at + i * sizeof poison_word, &poison_word, sizeof poison_word);
  std::memcpy(at + words * sizeof poison_word, &poison_word, bytes % sizeof poison_word);
}

}  // namespace detail

bool is_device_address(void const* address) {
  auto const* const at = static_cast<std::byte const*>(address);
  return at >= detail::range().begin && at < detail::range().begin + detail::reserved_bytes;
}

}  // namespace disentangle::emulation
