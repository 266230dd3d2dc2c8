#include "src/net/event_loop.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

namespace expplat::net {

namespace asio = boost::asio;

namespace {

// Asio offers a child no way to drop a loop without taking its locks (which another thread of the parent may have held)
// or telling the shared epoll set. The descriptors are private members of its reactor; a member's pointer may be named
// in an explicit instantiation, and a friend hands it over.
#if defined(BOOST_ASIO_HAS_EPOLL)
using Reactor = asio::detail::epoll_reactor;

template <class Tag, auto member>
struct Expose {
    friend constexpr auto member_of(Tag) { return member; }
};
struct EpollDescriptor {
    friend constexpr auto member_of(EpollDescriptor);
};
struct TimerDescriptor {
    friend constexpr auto member_of(TimerDescriptor);
};
struct Interrupter {
    friend constexpr auto member_of(Interrupter);
};
template struct Expose<EpollDescriptor, &Reactor::epoll_fd_>;
template struct Expose<TimerDescriptor, &Reactor::timer_fd_>;
template struct Expose<Interrupter, &Reactor::interrupter_>;
#endif

}  // namespace

struct EventLoop::Core {
    DescriptorTable descriptors;
    std::optional<asio::io_context> context{std::in_place, 1};  // one thread runs it
    std::optional<asio::posix::stream_descriptor> waker;        // an eventfd; always waited for

    void await_wake() {
        waker->async_wait(asio::posix::stream_descriptor::wait_read,
                          [this](const boost::system::error_code& error) {
                              if (error) return;
                              std::uint64_t count = 0;
                              (void)!::read(waker->native_handle(), &count, sizeof(count));
                              await_wake();
                          });
    }
};

EventLoop::EventLoop() : core_(std::make_unique<Core>()) {
#if defined(BOOST_ASIO_HAS_EPOLL)
    Reactor& reactor = asio::use_service<Reactor>(*core_->context);
    core_->descriptors.add(reactor.*member_of(EpollDescriptor{}));
    core_->descriptors.add(reactor.*member_of(TimerDescriptor{}));
    core_->descriptors.add((reactor.*member_of(Interrupter{})).read_descriptor());
#endif
    const int descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    core_->waker.emplace(*core_->context, descriptor);
    core_->descriptors.add(descriptor);
    core_->await_wake();
}

EventLoop::~EventLoop() {
    if (!core_) return;
    // What still waits is destroyed with the context, and strikes its descriptors out of the table.
    core_->waker.reset();
    core_->context.reset();
}

void EventLoop::poll(std::int64_t wait_ms) {
    asio::io_context& context = *core_->context;
    std::size_t handlers = context.poll_one();
    if (handlers == 0 && wait_ms > 0) handlers = context.run_one_for(std::chrono::milliseconds(wait_ms));
    while (handlers > 0 && handlers < handlers_per_poll && context.poll_one() > 0) ++handlers;
}

void EventLoop::wake() noexcept {
    const std::uint64_t one = 1;
    (void)!::write(core_->waker->native_handle(), &one, sizeof(one));  // full: it is awake already
}

void EventLoop::post(std::function<void()> work) { asio::post(*core_->context, std::move(work)); }

void EventLoop::abandon_after_fork() noexcept {
    core_->descriptors.close_all();
    (void)core_.release();
}

asio::io_context& EventLoop::context() noexcept { return *core_->context; }
DescriptorTable& EventLoop::descriptors() noexcept { return core_->descriptors; }

struct EventLoop::Timer::State : std::enable_shared_from_this<State> {
    explicit State(asio::io_context& context) : timer(context) {}

    /// A wait that ends before the deadline is followed by another: so that moving a deadline back costs nothing.
    void wait() {
        waits_until = deadline;
        timer.expires_at(deadline);
        timer.async_wait(
            [self = shared_from_this(), wait = ++wait_number](const boost::system::error_code& error) {
                if (error || wait != self->wait_number) return;
                self->waits_until = never;
                if (!self->fire) return;
                if (std::chrono::steady_clock::now() < self->deadline) return self->wait();
                std::exchange(self->fire, nullptr)();
            });
    }

    void move(std::int64_t after_ms) {
        deadline = std::chrono::steady_clock::now() +
                   std::chrono::milliseconds(std::clamp<std::int64_t>(after_ms, 0, longest_ms));
        if (deadline < waits_until) wait();
    }

    static constexpr auto never = std::chrono::steady_clock::time_point::max();
    static constexpr std::int64_t longest_ms = std::int64_t{1} << 40;

    asio::steady_timer timer;
    std::function<void()> fire;  // empty: not armed
    std::chrono::steady_clock::time_point deadline{never};
    std::chrono::steady_clock::time_point waits_until{never};
    std::uint64_t wait_number = 0;
};

EventLoop::Timer::Timer(EventLoop& loop) : state_(std::make_shared<State>(loop.context())) {}

EventLoop::Timer::~Timer() {
    state_->fire = nullptr;
    ++state_->wait_number;
    boost::system::error_code
        ignored;  // what a system that cannot cancel would say: the wait then finds nothing to fire
    state_->timer.cancel(ignored);
}

void EventLoop::Timer::arm(std::int64_t after_ms, std::function<void()> fire) {
    state_->fire = std::move(fire);
    state_->move(after_ms);
}

void EventLoop::Timer::extend(std::int64_t after_ms) {
    if (state_->fire) state_->move(after_ms);
}

void EventLoop::Timer::stop() noexcept { state_->fire = nullptr; }

}  // namespace expplat::net
