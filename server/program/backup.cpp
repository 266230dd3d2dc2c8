#include "server/program/backup.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "server/store/database.hpp"
#include "server/store/transfer.hpp"
#include "src/sync/atomic_file.hpp"

namespace expplat::server::program {

namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 16;

[[nodiscard]] Error error_of(const domain::Problem& problem) {
    const bool away = problem.type == domain::ProblemType::unavailable;
    return {away ? ErrorCode::network : ErrorCode::invalid_argument, problem.detail};
}

[[nodiscard]] Error failure(const std::string& what) {
    return {ErrorCode::io, what + ": " + std::strerror(errno)};
}

[[nodiscard]] Result<std::unique_ptr<store::Database>> open_database(const store::Address& address) {
    auto database = store::Database::open(address, {.connections = 1});
    if (!database) return error_of(database.problem());
    return std::move(*database);
}

/// Where an export goes, in large pieces.
class Destination {
public:
    [[nodiscard]] static Result<Destination> open(const std::string& path) {
        Destination destination;
        if (path != "-") {
            Result<sync::AtomicFile> file = sync::AtomicFile::create(path);
            if (!file) return file.error();
            destination.file_.emplace(std::move(*file));
        }
        return destination;
    }

    [[nodiscard]] bool take(std::string_view line) {
        pending_ += line;
        return pending_.size() < piece_bytes || flush();
    }
    [[nodiscard]] Result<void> finish() {
        if (fault_.empty() && flush() && file_) {
            if (Result<void> done = file_->replace(); !done) fault_ = done.error().message;
        }
        if (!fault_.empty()) return Error{ErrorCode::io, fault_};
        return {};
    }
    [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

private:
    Destination() = default;

    bool flush() {
        Result<void> done = file_ ? file_->write(pending_) : write_out();
        if (!done) fault_ = done.error().message;
        pending_.clear();
        return fault_.empty();
    }
    [[nodiscard]] Result<void> write_out() const {
        for (std::string_view rest = pending_; !rest.empty();) {
            const ssize_t count = ::write(STDOUT_FILENO, rest.data(), rest.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return failure("standard output");
            rest.remove_prefix(static_cast<std::size_t>(count));
        }
        return {};
    }

    std::optional<sync::AtomicFile> file_;
    std::string pending_;
    std::string fault_;
};

/// The lines of an export. What keeps them from being read is `fault`.
class Lines {
public:
    explicit Lines(int file) : file_(file) {}

    [[nodiscard]] std::optional<std::string> next() {
        for (std::size_t searched = 0;;) {
            const std::size_t end = pending_.find('\n', begin_ + searched);
            if (end != std::string::npos) {
                std::string line = pending_.substr(begin_, end - begin_);
                begin_ = end + 1;
                return line;
            }
            searched = pending_.size() - begin_;
            pending_.erase(0, std::exchange(begin_, 0));
            if (pending_.size() > import_line_bytes) {
                fault_ = "a line is longer than " + std::to_string(import_line_bytes >> 20) + " MiB";
                return std::nullopt;
            }
            if (!read_more()) break;
        }
        // A last line without its end was cut off; the importer finds that out.
        if (pending_.empty() || !fault_.empty()) return std::nullopt;
        return std::exchange(pending_, {});
    }
    [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

private:
    bool read_more() {
        std::array<char, piece_bytes> piece;
        ssize_t count = -1;
        do { count = ::read(file_, piece.data(), piece.size()); } while (count < 0 && errno == EINTR);
        if (count < 0) fault_ = std::strerror(errno);
        if (count <= 0) return false;
        pending_.append(piece.data(), static_cast<std::size_t>(count));
        return true;
    }

    int file_;
    std::string pending_;
    std::size_t begin_ = 0;
    std::string fault_;
};

}  // namespace

Result<std::int64_t> export_to(const Settings& settings, const std::string& path) {
    const Result<store::Address> address = store::Address::parse(settings.database_url());
    if (!address) return address.error();
    // SQLite would make one.
    if (address->kind == store::Address::Kind::sqlite && ::access(address->target.c_str(), R_OK) != 0)
        return failure("the database " + address->shown);
    const Result<std::unique_ptr<store::Database>> database = open_database(*address);
    if (!database) return database.error();
    Result<Destination> destination = Destination::open(path);
    if (!destination) return destination.error();
    const auto rows =
        store::export_database(**database, [&](std::string_view line) { return destination->take(line); });
    if (!destination->fault().empty()) return Error{ErrorCode::io, destination->fault()};
    if (!rows) return error_of(rows.problem());
    if (Result<void> done = destination->finish(); !done) return done.error();
    return *rows;
}

Result<std::int64_t> import_from(const Settings& settings, const std::string& path) {
    const Result<store::Address> address = store::Address::parse(settings.database_url());
    if (!address) return address.error();
    const sync::Descriptor file(path == "-" ? ::dup(STDIN_FILENO)
                                            : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return failure(path);
    if (settings.database.empty() && ::mkdir(settings.data.c_str(), 0700) != 0 && errno != EEXIST)
        return failure(settings.data);
    const Result<std::unique_ptr<store::Database>> database = open_database(*address);
    if (!database) return database.error();
    if (const auto schema = (*database)->migrate(); !schema) return error_of(schema.problem());
    Lines lines(file.number());
    const auto rows = store::import_database(**database, [&lines, &path] {
        std::optional<std::string> line = lines.next();
        if (!lines.fault().empty())
            throw domain::Refusal(domain::ProblemType::unavailable, path + ": " + lines.fault());
        return line;
    });
    if (!rows) return error_of(rows.problem());
    return *rows;
}

}  // namespace expplat::server::program
