// expplat_http_load: asks an HTTP server, holds its streams, or is one.
//
//   expplat_http_load PORT [--connections N] [--seconds S] [--rate R] [--status N] [--path PATH] [--header LINE]... [--body FILE]
//       prints one line of JSON: requests a second, and quantiles of their times; with a body it is a POST
//   expplat_http_load --streams PORT COUNT [--path PATH] [--header LINE]...
//       opens COUNT streams, says so, and tells when each text of standard input has reached all (streams.hpp)
//   expplat_http_load --serve [THREADS]
//       a listener that answers 20 bytes of JSON, or a stream at /stream, until its input ends
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "bench/http_load/load.hpp"
#include "bench/http_load/streams.hpp"
#include "server/http/listener.hpp"

namespace {

using namespace expplat::bench;

[[noreturn]] void show_usage() {
    std::fprintf(
        stderr,
        "usage: expplat_http_load PORT [--connections N] [--seconds S] [--rate R] [--status N] REQUEST\n"
        "       expplat_http_load --streams PORT COUNT REQUEST\n"
        "       expplat_http_load --serve [THREADS]\n"
        "REQUEST: [--path PATH] [--header LINE]... [--body FILE]\n");
    std::exit(2);
}

int serve(unsigned threads) {
    using namespace expplat::server::http;
    std::mutex mutex;  // guards the streams
    std::vector<Stream> streams;
    ListenerSettings settings;
    settings.threads = threads;
    const auto answer = std::make_shared<const std::string>(R"({"status":"healthy"})");
    auto listener =
        Listener::start(settings, [&](const std::shared_ptr<Request>& request, Responder responder) {
            Response response;
            if (request->target == "/stream") {
                response.headers.add("Content-Type", "text/event-stream");
                const std::lock_guard lock(mutex);
                streams.push_back(responder.open(std::move(response)));
                streams.back().send(std::make_shared<const std::string>("retry: 1000\n\n"));
                return;
            }
            response.headers.add("Content-Type", "application/json");
            response.body = answer;
            responder.send(std::move(response));
        });
    if (!listener) {
        std::fprintf(stderr, "%s\n", listener.error().message.c_str());
        return 1;
    }
    std::printf("%u\n", unsigned{(*listener)->port()});
    std::fflush(stdout);
    while (std::getchar() != EOF) {}
    return 0;
}

/// The words of a command line, one after the other.
class Words {
public:
    Words(int count, char** words) : words_(words + 1, words + count) {}
    [[nodiscard]] bool has_more() const noexcept { return next_ < words_.size(); }
    [[nodiscard]] std::string take() {
        if (!has_more()) show_usage();
        return words_[next_++];
    }
    [[nodiscard]] double number() { return std::strtod(take().c_str(), nullptr); }
    [[nodiscard]] bool is_next(std::string_view word) {
        if (!has_more() || words_[next_] != word) return false;
        ++next_;
        return true;
    }

private:
    std::vector<std::string> words_;
    std::size_t next_ = 0;
};

struct Asked {
    std::string path = "/";
    std::string headers;
    std::string body;
    [[nodiscard]] std::string request() const {
        std::string text =
            (body.empty() ? "GET " : "POST ") + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers;
        if (!body.empty())
            text +=
                "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
        return text + "\r\n" + body;
    }
};

/// Whether the next words were of the request.
bool read_request(Words& words, Asked& asked) {
    if (words.is_next("--path")) {
        asked.path = words.take();
    } else if (words.is_next("--header")) {
        asked.headers += words.take() + "\r\n";
    } else if (words.is_next("--body")) {
        std::ifstream file(words.take(), std::ios::binary);
        asked.body.assign(std::istreambuf_iterator<char>(file), {});
        if (asked.body.empty()) show_usage();
    } else {
        return false;
    }
    return true;
}

}  // namespace

int main(int count, char** arguments) {
    Words words(count, arguments);
    if (words.is_next("--serve")) return serve(words.has_more() ? static_cast<unsigned>(words.number()) : 0);
    const bool streams = words.is_next("--streams");
    Asked asked;
    Load load;
    load.port = static_cast<std::uint16_t>(words.number());
    if (load.port == 0) show_usage();
    const auto stream_count = streams ? static_cast<std::size_t>(words.number()) : 0;
    while (words.has_more()) {
        if (read_request(words, asked)) continue;
        if (words.is_next("--connections")) load.connections = static_cast<std::size_t>(words.number());
        else if (words.is_next("--seconds")) load.seconds = words.number();
        else if (words.is_next("--rate")) load.rate = words.number();
        else if (words.is_next("--status")) load.status = static_cast<unsigned>(words.number());
        else show_usage();
    }
    load.request = asked.request();
    if (streams) {
        hold_streams(load.port, stream_count, load.request);
        return 0;
    }
    const Figures figures = run(load);
    std::printf(
        R"({"connections":%zu,"seconds":%.2f,"requests_per_second":%.0f,"p50_us":%.0f,"p99_us":%.0f,"p999_us":%.0f})"
        "\n",
        load.connections, figures.seconds, figures.requests_per_second, figures.p50_us, figures.p99_us,
        figures.p999_us);
    return 0;
}
