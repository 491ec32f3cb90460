// SPDX-License-Identifier: Apache-2.0
// Order within and between streams, under the schedules.
#include <tests/emulation/cuda/emulation.hpp>
#include <tests/emulation/cuda/support/device_array.hpp>
#include <tests/emulation/cuda/support/run_apart.hpp>

#include <cmath>
#include <doctest/doctest.h>

namespace emulation = disentangle::emulation;
using emulation::Schedule;
using namespace emulation_test;

namespace {

constexpr Schedule schedules[] = {Schedule::late, Schedule::early};

/// A kernel that appends a digit.
auto append(int* number, int digit) {
  return [number, digit] { *number = *number * 10 + digit; };
}

}  // namespace

TEST_CASE("Late: nothing runs before it is forced, and then only what is needed") {
  emulation::reset();
  emulation::set_schedule(Schedule::late);
  OwnStream const first, second;
  DeviceArray<int> const a(std::vector<int>{0}), b(std::vector<int>{0});
  auto const before = emulation::counters().executed;
  launch(first, append(a.get(), 1));
  launch(second, append(b.get(), 2));
  CHECK(emulation::counters().executed == before);
  require(cudaStreamSynchronize(second));
  CHECK(emulation::counters().executed == before + 1);
  CHECK(cudaStreamQuery(second) == cudaSuccess);
  CHECK(cudaStreamQuery(first) == cudaErrorNotReady);
  require(cudaDeviceSynchronize());
  CHECK(a.values() == std::vector<int>{1});
  CHECK(b.values() == std::vector<int>{2});
}

TEST_CASE("Early: everything runs at once, but in deferred streams and in what waits for them") {
  emulation::reset();
  emulation::set_schedule(Schedule::early);
  OwnStream const first, second;
  OwnEvent const event;
  DeviceArray<int> const a(std::vector<int>{0}), b(std::vector<int>{0});
  auto const before = emulation::counters().executed;
  launch(first, append(a.get(), 1));
  CHECK(emulation::counters().executed == before + 1);
  emulation::defer(first);
  launch(first, append(a.get(), 2));
  require(cudaEventRecord(event, first));
  launch(second, append(b.get(), 1));
  CHECK(emulation::counters().executed == before + 2);
  require(cudaStreamWaitEvent(second, event, 0));
  launch(second, append(b.get(), 2));
  CHECK(emulation::counters().executed == before + 2);
  require(cudaStreamSynchronize(second));
  CHECK(emulation::counters().executed == before + 4);
  CHECK(a.values() == std::vector<int>{12});
  CHECK(b.values() == std::vector<int>{12});
}

TEST_CASE("A stream runs in order") {
  for (Schedule const schedule : schedules) {
    emulation::reset();
    emulation::set_schedule(schedule);
    OwnStream const stream;
    DeviceArray<int> const number(std::vector<int>{0});
    for (int digit = 1; digit < 8; ++digit) launch(stream, append(number.get(), digit));
    require(cudaStreamSynchronize(stream));
    CHECK(number.values() == std::vector<int>{1234567});
  }
}

TEST_CASE(
    "Streams meet at events alone: a missing dependency computes with stale data in one schedule at least") {
  auto const program = [](Schedule schedule, bool mistaken, bool consumer_first) {
    return run_apart([=] {
      emulation::set_schedule(schedule);
      DeviceArray<float> const source(std::vector<float>{1}), result(std::vector<float>{0});
      OwnStream const producer, consumer;
      OwnEvent const event;
      if (schedule == Schedule::early && consumer_first) emulation::defer(producer);
      float *const from = source.get(), *const to = result.get();
      launch(producer, [from] { *from = 5; });
      require(cudaEventRecord(event, producer));
      if (!mistaken) require(cudaStreamWaitEvent(consumer, event, 0));
      launch(consumer, [from, to] { *to = *from; });
      require(cudaStreamSynchronize(consumer));
      require_apart(result.values()[0] == 5);
    });
  };
  for (Schedule const schedule : schedules)
    for (bool const consumer_first : {false, true}) CHECK(program(schedule, false, consumer_first).well());
  CHECK(program(Schedule::late, true, false).status == 3);
  CHECK(program(Schedule::early, true, true).status == 3);
  CHECK(program(Schedule::early, true, false).well());  // the schedule that hides it
}

TEST_CASE("A buffer that is overwritten before another stream has read it shows too") {
  // The consumer reads; the producer writes the next values without waiting for that.
  auto const program = [](bool mistaken) {
    return run_apart([=] {
      emulation::set_schedule(Schedule::early);
      DeviceArray<float> const buffer(std::vector<float>{1}), result(std::vector<float>{0});
      OwnStream const producer, consumer;
      OwnEvent const has_read;
      emulation::defer(consumer);
      float *const from = buffer.get(), *const to = result.get();
      launch(consumer, [from, to] { *to = *from; });
      require(cudaEventRecord(has_read, consumer));
      if (!mistaken) require(cudaStreamWaitEvent(producer, has_read, 0));
      launch(producer, [from] { *from = 2; });
      require(cudaDeviceSynchronize());
      require_apart(result.values()[0] == 1);
    });
  };
  CHECK(program(false).well());
  CHECK(program(true).status == 3);
}

TEST_CASE(
    "Uneven: every other stream runs ahead, so that both kinds of mistake show without naming streams") {
  // Two buffers in turn, filled by `uploads` and read by `steps`: steps must wait for the upload, and the
  // upload for the step that had the buffer before.
  auto const program = [](Schedule schedule, bool wait_for_upload, bool wait_for_step) {
    return run_apart([=] {
      emulation::set_schedule(schedule);
      DeviceArray<float> const buffers(std::vector<float>{0, 0}), total(std::vector<float>{0});
      OwnStream const steps, uploads;
      OwnEvent const uploaded, done[2];
      float* const sum = total.get();
      for (int step = 0; step < 6; ++step) {
        float* const buffer = buffers.get() + step % 2;
        if (wait_for_step) require(cudaStreamWaitEvent(uploads, done[step % 2], 0));
        launch(uploads, [buffer, step] { *buffer = static_cast<float>(step); });
        require(cudaEventRecord(uploaded, uploads));
        if (wait_for_upload) require(cudaStreamWaitEvent(steps, uploaded, 0));
        launch(steps, [sum, buffer] { *sum = *sum * 10 + *buffer; });
        require(cudaEventRecord(done[step % 2], steps));
      }
      require(cudaStreamSynchronize(steps));
      require_apart(total.values()[0] == 12345);
    });
  };
  for (Schedule const schedule : {Schedule::late, Schedule::early, Schedule::uneven}) {
    CHECK(program(schedule, true, true).well());
  }
  CHECK(program(Schedule::late, false, true).status == 3);
  CHECK(program(Schedule::uneven, true, false).status == 3);
  CHECK(program(Schedule::late, true, false).well());  // hidden by these two
  CHECK(program(Schedule::early, true, false).well());
}

TEST_CASE("An event is the record that was last when somebody began to wait for it") {
  for (Schedule const schedule : schedules) {
    emulation::reset();
    emulation::set_schedule(schedule);
    OwnStream const a, b;
    OwnEvent const event;
    DeviceArray<int> const number(std::vector<int>{0});
    CHECK(cudaEventQuery(event) == cudaSuccess);  // never recorded
    require(cudaEventSynchronize(event));
    require(cudaStreamWaitEvent(b, event, 0));
    launch(a, append(number.get(), 1));
    require(cudaEventRecord(event, a));
    require(cudaStreamWaitEvent(b, event, 0));
    launch(a, append(number.get(), 2));
    require(cudaEventRecord(event, a));
    auto const before = emulation::counters().executed;
    launch(b, [] {});
    require(cudaStreamSynchronize(b));  // needs the first digit alone
    CHECK(emulation::counters().executed == (schedule == Schedule::late ? before + 2 : before + 1));
    require(cudaEventSynchronize(event));
    CHECK(cudaEventQuery(event) == cudaSuccess);
    CHECK(number.values() == std::vector<int>{12});
  }
}

TEST_CASE("Polling comes to an end") {
  emulation::reset();
  emulation::set_schedule(Schedule::late);
  OwnStream const a, b;
  OwnEvent const event, end;
  DeviceArray<int> const number(std::vector<int>{0});
  launch(a, append(number.get(), 1));
  launch(a, append(number.get(), 2));
  require(cudaEventRecord(event, a));
  require(cudaStreamWaitEvent(b, event, 0));
  launch(b, append(number.get(), 3));
  require(cudaEventRecord(end, b));
  CHECK(cudaEventQuery(end) == cudaErrorNotReady);
  int polls = 1;
  while (cudaEventQuery(end) == cudaErrorNotReady) ++polls;
  CHECK(polls > 3);
  CHECK(polls < 20);
  CHECK(number.values() == std::vector<int>{123});
  CHECK(cudaGetLastError() == cudaErrorNotReady);
}

TEST_CASE(
    "The legacy default stream and blocking streams wait for each other, a non-blocking one for nobody") {
  for (Schedule const schedule : schedules) {
    emulation::reset();
    emulation::set_schedule(schedule);
    OwnStream const blocking(cudaStreamDefault), other(cudaStreamDefault), free;
    DeviceArray<int> const number(std::vector<int>{0}), outside(std::vector<int>{0});
    emulation::defer(blocking);
    emulation::defer(free);
    launch(blocking, append(number.get(), 1));
    launch(free, append(outside.get(), 1));
    launch(nullptr, append(number.get(), 2));
    launch(other, append(number.get(), 3));
    require(cudaStreamSynchronize(other));
    CHECK(cudaStreamQuery(blocking) == cudaSuccess);
    CHECK(cudaStreamQuery(free) == cudaErrorNotReady);
    CHECK(number.values() == std::vector<int>{123});
  }
}

TEST_CASE("cudaStreamSynchronize of the default stream waits for blocking streams") {
  emulation::reset();
  emulation::set_schedule(Schedule::late);
  OwnStream const blocking(cudaStreamDefault);
  DeviceArray<int> const number(std::vector<int>{0});
  launch(blocking, append(number.get(), 1));
  require(cudaStreamSynchronize(nullptr));
  CHECK(cudaStreamQuery(blocking) == cudaSuccess);
}

TEST_CASE("The work of a destroyed stream is done all the same") {
  emulation::reset();
  emulation::set_schedule(Schedule::late);
  DeviceArray<int> const number(std::vector<int>{0});
  {
    OwnStream const stream;
    launch(stream, append(number.get(), 7));
  }
  CHECK(emulation::live().streams == 0);
  require(cudaDeviceSynchronize());
  CHECK(number.values() == std::vector<int>{7});
}

TEST_CASE("Times between events") {
  emulation::reset();
  OwnStream const stream;
  OwnEvent const start(cudaEventDefault), end(cudaEventDefault), untimed;
  float milliseconds = -1;
  CHECK(cudaEventElapsedTime(&milliseconds, start, end) == cudaErrorInvalidResourceHandle);  // not recorded
  emulation::defer(stream);
  require(cudaEventRecord(start, stream));
  launch(stream, [] {});
  require(cudaEventRecord(end, stream));
  require(cudaEventRecord(untimed, stream));
  CHECK(cudaEventElapsedTime(&milliseconds, start, end) == cudaErrorNotReady);
  require(cudaStreamSynchronize(stream));
  require(cudaEventElapsedTime(&milliseconds, start, end));
  CHECK(milliseconds >= 0);
  CHECK(cudaEventElapsedTime(&milliseconds, start, untimed) == cudaErrorInvalidResourceHandle);
}

TEST_CASE("Synchronisations are counted") {
  emulation::reset();
  OwnStream const stream;
  OwnEvent const event;
  require(cudaStreamSynchronize(stream));
  require(cudaEventSynchronize(event));
  require(cudaDeviceSynchronize());
  require(cudaDeviceSynchronize());
  CHECK(emulation::counters().stream_synchronisations == 1);
  CHECK(emulation::counters().event_synchronisations == 1);
  CHECK(emulation::counters().device_synchronisations == 2);
  CHECK(emulation::counters().synchronisations() == 4);
}
