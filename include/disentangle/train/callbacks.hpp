// SPDX-License-Identifier: Apache-2.0
// The callbacks of train(): which hooks an object has, and all callbacks of a run called in their order.
#pragma once

#include <concepts>
#include <exception>
#include <tuple>
#include <type_traits>

namespace disentangle::detail {

template <class C, class R>
concept has_on_resume = requires(C& callback, R& run) { callback.on_resume(run); };
template <class C, class R>
concept has_on_begin = requires(C& callback, R& run) { callback.on_begin(run); };
template <class C, class R, class Report>
concept has_on_step = requires(C& callback, R& run, Report const& report) { callback.on_step(run, report); };
template <class C, class R>
concept has_on_end = requires(C& callback, R& run) { callback.on_end(run); };
template <class C, class R>
concept has_on_failure =
    requires(C& callback, R& run, std::exception const& error) { callback.on_failure(run, error); };

/// The hooks of one callback, called where it has them.
template <class C, class R, class Report>
struct Hooks {
  static constexpr bool resume = has_on_resume<C, R>, begin = has_on_begin<C, R>,
                        step = has_on_step<C, R, Report>, end = has_on_end<C, R>,
                        failure = has_on_failure<C, R>, call = std::invocable<C&, R&, Report const&>;
  static_assert(resume || begin || step || end || failure || call,
                "[disentangle] train: a callback has on_begin(run), on_step(run, report) or on_end(run), or "
                "can itself be "
                "called as callback(run, report)");
  static_assert(
      begin || !requires { &C::on_begin; }, "[disentangle] train: a callback's on_begin takes (run)");
  static_assert(
      step || !requires { &C::on_step; }, "[disentangle] train: a callback's on_step takes (run, report)");
  static_assert(
      end || !requires { &C::on_end; }, "[disentangle] train: a callback's on_end takes (run)");
};

/// The callbacks of a run; what one lacks costs nothing.
template <class R, class Report, class... Callbacks>
class CallbackList {
 public:
  explicit CallbackList(Callbacks&... callbacks) : callbacks_(callbacks...) {}

  void resume(R& run) {
    each([&]<class H>(auto& callback, H) {
      if constexpr (H::resume) callback.on_resume(run);
    });
  }
  void begin(R& run) {
    each([&]<class H>(auto& callback, H) {
      if constexpr (H::begin) callback.on_begin(run);
    });
  }
  void step(R& run, Report const& report) {
    each([&]<class H>(auto& callback, H) {
      if constexpr (H::step) callback.on_step(run, report);
      if constexpr (H::call) callback(run, report);
    });
  }
  void end(R& run) {
    each([&]<class H>(auto& callback, H) {
      if constexpr (H::end) callback.on_end(run);
    });
  }
  void failure(R& run, std::exception const& error) {
    each([&]<class H>(auto& callback, H) {
      if constexpr (H::failure) callback.on_failure(run, error);
    });
  }

 private:
  template <class Visit>
  void each(Visit&& visit) {
    std::apply(
        [&](auto&... callback) {
          (visit(callback, Hooks<std::remove_reference_t<decltype(callback)>, R, Report>{}), ...);
        },
        callbacks_);
  }

  std::tuple<Callbacks&...> callbacks_;
};

}  // namespace disentangle::detail
