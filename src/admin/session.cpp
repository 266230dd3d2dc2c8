#include "src/admin/session.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "expplat/base/json_text.hpp"
#include "src/ruleset/json.hpp"
#include "src/sync/atomic_file.hpp"

namespace expplat::admin {

namespace {

using ruleset::Node;

void append_text(std::string& out, std::string_view name, std::string_view text) {
    out.append(out.size() > 1 ? ",\n \"" : "\"").append(name).append("\": ");
    append_json_string(out, text);
}

void append_number(std::string& out, std::string_view name, std::int64_t number) {
    out.append(",\n \"").append(name).append("\": ").append(std::to_string(number));
}

Error failure(const std::string& path) { return {ErrorCode::io, path + ": " + std::strerror(errno)}; }

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

/// Each folder above the file that is not there.
Result<void> make_folders(const std::string& path) {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        const std::string folder = path.substr(0, slash);
        if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failure(folder);
    }
    return {};
}

}  // namespace

Result<Session> parse_session(std::string_view answer, const std::string& url) {
    const Result<ruleset::Document> document = ruleset::parse_json(answer, session_bytes);
    if (!document) return Error{ErrorCode::invalid_argument, "this is no session"};
    const Node& root = document->root();
    Session session{url,
                    text_of(root, "email"),
                    text_of(root, "access_token"),
                    integer_of(root, "expires_ms"),
                    text_of(root, "refresh_token"),
                    integer_of(root, "refresh_expires_ms")};
    if (session.url.empty()) session.url = text_of(root, "url");
    if (const Node* const user = root.find("user")) session.email = text_of(*user, "email");
    if (session.url.empty() || session.access_token.empty() || session.refresh_token.empty())
        return Error{ErrorCode::invalid_argument, "this is no session"};
    return session;
}

std::string session_path() {
    const std::string configured = variable("XDG_CONFIG_HOME");
    // The specification has a relative one ignored.
    if (configured.starts_with('/')) return configured + "/expplat/session.json";
    const std::string home = variable("HOME");
    return home.empty() ? std::string() : home + "/.config/expplat/session.json";
}

Result<std::optional<Session>> load_session(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        if (path.empty() || ::access(path.c_str(), F_OK) != 0) return std::optional<Session>();
        return failure(path);
    }
    std::string text(session_bytes + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    Result<Session> session = parse_session(text, "");
    if (!session) return Error{session.error().code, path + ": " + session.error().message};
    return std::optional<Session>(std::move(*session));
}

Result<void> save_session(const std::string& path, const Session& session) {
    if (path.empty())
        return Error{ErrorCode::io,
                     "there is no place for the session: neither XDG_CONFIG_HOME nor HOME is set"};
    if (Result<void> made = make_folders(path); !made) return made;
    std::string text = "{";
    append_text(text, "url", session.url);
    append_text(text, "email", session.email);
    append_text(text, "access_token", session.access_token);
    append_number(text, "expires_ms", session.expires_ms);
    append_text(text, "refresh_token", session.refresh_token);
    append_number(text, "refresh_expires_ms", session.refresh_expires_ms);
    return sync::replace_file(path, {text, "}\n"});
}

Result<void> remove_session(const std::string& path) {
    if (path.empty() || ::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    return failure(path);
}

}  // namespace expplat::admin
