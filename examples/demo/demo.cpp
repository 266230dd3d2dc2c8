// expplat_demo: real production flags, evaluated for generated users; what `./dev demo` runs first.
//
//     expplat_demo [FILE]      what to do next goes to FILE, for who has more to show before it
//
// Five steps, a function each: compile, evaluate and count, measure, record exposures, explain. Each returns false
// where something does not add up, and the program then fails.
#include <expplat/expplat.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "examples/demo/page.hpp"
#include "examples/demo/people.hpp"
#include "examples/demo/shares.hpp"
#include "src/ruleset/explanation.hpp"
#include "src/ruleset/json.hpp"

namespace demo {

namespace {

using SteadyClock = std::chrono::steady_clock;
using expplat::Client;

constexpr std::size_t users = 10'000;
constexpr std::chrono::milliseconds measured_span{80};
constexpr int measured_spans = 4;  // the fastest counts: it was disturbed least

// Where the ruleset is, and how it is called from the top folder.
const std::string ruleset_path = EXPPLAT_DEMO_RULESET;
constexpr const char* ruleset_name = "examples/demo/brave-studies.json";

double seconds_since(SteadyClock::time_point start) {
    return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

std::string read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// ---- 1: compile ----

std::optional<Client> open() {
    expplat::Config config;
    config.source = expplat::Source::file(ruleset_path);
    const auto start = SteadyClock::now();
    expplat::Result<Client> client = Client::open(std::move(config));
    const double ms = seconds_since(start) * 1e3;
    if (!client) {
        std::fprintf(stderr, "expplat_demo: %s\n", client.error().message.c_str());
        return std::nullopt;
    }
    heading(1, "Compile");
    std::printf("  %s, %s KB: read, checked and compiled in %.1f ms;\n  the image has %s KB\n", ruleset_name,
                grouped(std::filesystem::file_size(ruleset_path) / 1000).c_str(), ms,
                grouped(client->stats().image_bytes / 1000).c_str());
    return std::move(*client);
}

// ---- 2: evaluate every flag for everybody ----

bool evaluate(const Client& client, Shares& shares, const std::vector<Person>& people) {
    std::vector<Client::Handle> handles;
    handles.reserve(shares.flags().size());
    for (const std::string& flag : shares.flags()) handles.push_back(client.handle(flag));
    for (const Person& person : people) {
        for (std::size_t i = 0; i < handles.size(); ++i) shares.count(i, handles[i].variant(person.user));
    }
    heading(2, "Evaluate " + grouped(handles.size()) + " flags for " + grouped(people.size()) +
                   " users: " + grouped(handles.size() * people.size()) + " answers");
    shares.print_divided();
    return shares.print_summary();
}

// ---- 3: how fast ----

/// Evaluations a second of each of so many threads, where `ask(user)` evaluates `flags` flags.
template <class Ask>
double rate_of_a_thread(unsigned thread_count, const std::vector<Person>& people, std::size_t flags,
                        const Ask& ask) {
    struct alignas(64) Lane {
        double rate = 0;
        std::uint64_t given = 0;
    };
    std::vector<Lane> lanes(thread_count);
    std::atomic<unsigned> ready{0};
    const auto work = [&](unsigned number) {
        ready.fetch_add(1);
        while (ready.load() < thread_count) std::this_thread::yield();
        const auto start = SteadyClock::now();
        std::size_t person = number * people.size() / thread_count;
        std::uint64_t given = 0, asked = 0;
        while (SteadyClock::now() - start < measured_span) {
            given += ask(people[person].user);
            asked += flags;
            person = (person + 1) % people.size();
        }
        lanes[number] = {static_cast<double>(asked) / seconds_since(start), given};
    };
    std::vector<std::thread> threads;
    for (unsigned number = 1; number < thread_count; ++number) threads.emplace_back(work, number);
    work(0);
    for (std::thread& thread : threads) thread.join();
    double sum = 0;
    for (const Lane& lane : lanes) sum += lane.given > 0 ? lane.rate : 0;
    return sum / thread_count;
}

template <class Ask>
void print_rate(const char* what, const std::vector<Person>& people, std::size_t flags, const Ask& ask) {
    std::printf("  %-24s", what);
    double one = 0;
    for (const unsigned threads : {1u, 2u}) {
        double rate = 0;
        for (int i = 0; i < measured_spans; ++i)
            rate = std::max(rate, rate_of_a_thread(threads, people, flags, ask));
        std::printf("%7.1f million (%3.0f ns)", rate / 1e6, 1e9 / rate);
        if (threads == 1) one = rate;
        else std::printf("  %.2f x", rate * threads / one);
    }
    std::printf("\n");
}

void measure(const Client& client, const Shares& shares, const std::vector<Person>& people) {
    const std::vector<std::string>& flags = shares.flags();
    std::vector<Client::Handle> handles;
    handles.reserve(flags.size());
    for (const std::string& flag : flags) handles.push_back(client.handle(flag));

    heading(3, "Evaluations per second and core");
    std::printf(
        "  %s\n",
        inked(Ink::dim, "                               1 thread              2 threads  together").c_str());
    print_rate("variant(key, user)", people, flags.size(), [&](const expplat::User& user) {
        std::uint64_t given = 0;
        for (const std::string& flag : flags) given += client.variant(flag, user).has_value();
        return given;
    });
    print_rate("handle.variant(user)", people, flags.size(), [&](const expplat::User& user) {
        std::uint64_t given = 0;
        for (const Client::Handle& handle : handles) given += handle.variant(user).has_value();
        return given;
    });
    std::printf("  Every user asks all flags in turn; nothing is recorded.%s\n",
                std::thread::hardware_concurrency() == 1 ? " This machine has one core." : "");
}

// ---- 4: exposures ----

using Counts = std::map<std::pair<std::string, std::string>, std::uint64_t>;  // by flag and variant

/// A file that is gone when the demo ends.
class EventFile {
public:
    EventFile()
        : path_(std::filesystem::temp_directory_path() /
                ("expplat-demo-" + std::to_string(unique()) + ".jsonl")) {}
    ~EventFile() {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }
    EventFile(const EventFile&) = delete;
    EventFile& operator=(const EventFile&) = delete;

    [[nodiscard]] std::string path() const { return path_.string(); }
    [[nodiscard]] Counts counts(std::string& first_line) const {
        Counts counts;
        std::ifstream file(path_, std::ios::binary);
        for (std::string line; std::getline(file, line);) {
            const auto event = expplat::ruleset::parse_json(line);
            if (!event) continue;
            const auto* const flag = event->root().find("experiment");
            const auto* const variant = event->root().find("variant");
            if (flag == nullptr || variant == nullptr) continue;
            if (counts.empty()) first_line = line;
            ++counts[{std::string(flag->text()), std::string(variant->text())}];
        }
        return counts;
    }

private:
    static std::int64_t unique() { return std::chrono::system_clock::now().time_since_epoch().count(); }

    std::filesystem::path path_;
};

/// The flags that divide their users.
std::vector<std::string> divided_flags(const Shares& shares) {
    std::vector<std::string> flags;
    for (const Split& split : shares.splits()) {
        if (!split.is_certain() && (flags.empty() || flags.back() != split.flag)) flags.push_back(split.flag);
    }
    return flags;
}

bool record(const Shares& shares, const std::vector<Person>& people) {
    const EventFile events;
    const std::vector<std::string> flags = divided_flags(shares);
    expplat::Config config;
    config.source = expplat::Source::file(ruleset_path);
    config.sink = expplat::Sink::file(events.path());
    config.project = "demo";
    expplat::Result<Client> client = Client::open(std::move(config));
    if (!client) {
        std::fprintf(stderr, "expplat_demo: %s\n", client.error().message.c_str());
        return false;
    }
    std::uint64_t asked = 0;
    for (std::size_t i = 0; i < people.size(); ++i) {
        for (const std::string& flag : flags) {
            asked += client->variant(flag, people[i].user).exposure();
            asked += client->variant(flag, people[i].user).exposure();
        }
        // A full queue drops what is newest and counts it; a loop that never rests would fill it.
        if (i % 500 == 499) client->flush(std::chrono::seconds(5));
    }
    client->flush(std::chrono::seconds(5));
    const expplat::Stats stats = client->stats();
    client->close();

    std::string first_line;
    std::uint64_t lines = 0;
    bool same = true;
    for (const auto& [group, count] : events.counts(first_line)) {
        lines += count;
        same = same && count == shares.landed(group.first, group.second);
    }
    const std::uint64_t dropped = stats.dropped_queue_full + stats.dropped_shutdown + stats.dead_lettered;
    same = same && stats.recorded == asked && lines == stats.acknowledged && dropped == 0 &&
           stats.in_flight == 0 && stats.recorded == stats.deduplicated + stats.acknowledged;
    heading(4, "Record exposures");
    std::printf(
        "  The %zu flags above, each asked twice for every user, through a client that writes to a file:\n"
        "  %s exposures = %s deduplicated + %s written + %s dropped + %s in flight\n"
        "  %s lines in the file, by flag and group the counts of the table: %s\n\n  %s\n",
        flags.size(), grouped(stats.recorded).c_str(), grouped(stats.deduplicated).c_str(),
        grouped(stats.acknowledged).c_str(), grouped(dropped).c_str(), grouped(stats.in_flight).c_str(),
        grouped(lines).c_str(),
        same ? inked(Ink::green, "it adds up").c_str() : inked(Ink::red, "it does NOT add up").c_str(),
        inked(Ink::dim, first_line).c_str());
    return same;
}

// ---- 5: explain ----

struct Question {
    const Person* person = nullptr;
    std::string flag;
};

/// Somebody whom an earlier rule of the flag passed over and whom a split then gave its first group.
Question worth_explaining(const Client& client, const Shares& shares, const std::vector<Person>& people) {
    for (const Split& split : shares.splits()) {
        const bool first = &split == shares.splits().data() || (&split - 1)->flag != split.flag;
        if (first || split.is_certain()) continue;
        for (const Person& person : people) {
            const expplat::Variant answer = client.variant(split.flag, person.user);
            if (answer.rule() == split.rule && answer == split.groups.front().variant)
                return {&person, split.flag};
        }
    }
    return {people.data(), shares.flags().front()};
}

void explain(const Client& client, const Question& question) {
    heading(5, "Explain one answer");
    const expplat::Snapshot snapshot = client.snapshot();
    const expplat::image::Entity* const flag = snapshot.view().find(question.flag);
    const std::vector<std::string> lines =
        expplat::ruleset::explain(snapshot.view(), *flag, question.person->user, snapshot.patterns());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const bool frame = i == 0 || i + 1 == lines.size();
        std::printf("  %s\n", inked(frame ? Ink::bold : Ink::plain, lines[i]).c_str());
    }
}

void say_what_next(const Question& question, std::FILE* out) {
    std::fprintf(out, "\n%s\n", inked(Ink::bold, "Next").c_str());
    std::fprintf(out, "  Ask it yourself:  build/release/bin/expplat explain %s --user '%s' %s\n",
                 ruleset_name, question.person->json.c_str(), question.flag.c_str());
    std::fprintf(
        out, "  Use it in C++:    README.md, with examples/quickstart.cpp and examples/quickstart.json\n");
    std::fprintf(out,
                 "  Run the server:   build/release/bin/expplat-server; README.md, \"Running the server\"\n");
    std::fprintf(out, "  Run every test:   ./dev test\n");
}

int run(const char* next_path) {
    std::printf("%s: the production flags of the Brave browser, for generated users\n",
                inked(Ink::bold, "expplat " + std::string(expplat::version)).c_str());
    const std::optional<Client> client = open();
    if (!client) return 1;
    expplat::Result<Shares> shares = Shares::read(read_text(ruleset_path));
    if (!shares) {
        std::fprintf(stderr, "expplat_demo: %s: %s\n", ruleset_name, shares.error().message.c_str());
        return 1;
    }
    const std::vector<Person> people = make_people(users);
    bool right = evaluate(*client, *shares, people);
    measure(*client, *shares, people);
    right = record(*shares, people) && right;
    const Question question = worth_explaining(*client, *shares, people);
    explain(*client, question);
    std::FILE* const next = next_path == nullptr ? stdout : std::fopen(next_path, "w");
    if (next == nullptr) {
        std::perror(next_path);
        return 1;
    }
    say_what_next(question, next);
    if (next_path != nullptr) std::fclose(next);
    return right ? 0 : 1;
}

}  // namespace

}  // namespace demo

int main(int word_count, char** words) { return demo::run(word_count > 1 ? words[1] : nullptr); }
