#include "src/sync/poller.hpp"

#include <utility>

namespace expplat::sync {

void Poller::ask() {
    close();
    net::Request request = request_to(settings_, "/api/v1/sdk/ruleset");
    request.headers.push_back({"Accept", "application/json"});
    if (!etag_.empty() && etag_version_ == adopter_.version()) {
        request.headers.push_back({"If-None-Match", etag_});
    }
    request.body_limit = limits::ruleset_bytes;
    exchange_ = net::fetch(transport_, std::move(request),
                           [this](const Result<net::Response>& answer) { on_answer(answer); });
}

void Poller::close() {
    if (exchange_ != 0) transport_.cancel(std::exchange(exchange_, 0));
}

Tidings Poller::take_tidings() { return std::exchange(tidings_, {}); }

void Poller::on_answer(const Result<net::Response>& answer) {
    exchange_ = 0;
    if (!answer) {
        tidings_.ending = ending_of(answer.error(), settings_);
        return;
    }
    if (answer->head.status == 200) {
        take_ruleset(*answer);
    } else if (answer->head.status == 304) {
        tidings_.current = etag_adopted_;
    } else {
        tidings_.ending = ending_of(answer->head, answer->body, settings_);
        return;
    }
    tidings_.delivered = true;
    tidings_.ending = Ending{Ending::Kind::done, {}, {}, true};
}

void Poller::take_ruleset(const net::Response& response) {
    const Offer offer = offer_ruleset(adopter_, response.body);
    etag_ = response.head.find("ETag");
    if (etag_.size() > etag_bytes) etag_.clear();
    etag_version_ = adopter_.version();
    etag_adopted_ = offer.adoption != Adoption::refused;
    if (etag_adopted_) {
        tidings_.current = true;
        tidings_.adopted = offer.adoption == Adoption::adopted;
        return;
    }
    ++tidings_.refused;
    tidings_.refusal = presentable("the ruleset is refused: " + offer.error.message, settings_.key);
}

}  // namespace expplat::sync
