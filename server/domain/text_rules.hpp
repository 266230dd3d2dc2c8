// What keys, names, tags and other plain texts must be; each check refuses with the member's pointer.
//
// Called with whatever a caller sent, before it reaches a table. Pure.
// A pointer is of the request's member: `/name`.
#pragma once

#include <cstddef>
#include <string_view>

#include "server/domain/nouns.hpp"

namespace expplat::server::domain {

/// UTF-8 of at most `most_bytes`, without control characters but line ends and tabs.
void check_text(std::string_view text, std::string_view pointer, std::size_t most_bytes);
/// As `check_text`, and not empty.
void check_name(std::string_view text, std::string_view pointer, std::size_t most_bytes);
/// `name@host`, as far as it can be told without sending something there.
[[nodiscard]] bool is_email(std::string_view text) noexcept;
/// A project's or environment's key: 1 to 64 of A-Z a-z 0-9 . _ -, not `.` or `..`.
void check_short_key(std::string_view key, std::string_view pointer);
/// An entity's key: 1 to 128 of A-Z a-z 0-9 . _ - / :, and not . or .., which no URL can name.
void check_entity_key(std::string_view key, std::string_view pointer);
void check_metadata(const Metadata& metadata, EntityKind kind);

/// The caller's revision where one was given.
void check_revision(const std::optional<std::int64_t>& expected, std::int64_t current);

[[nodiscard]] std::int64_t checked_limit(const PageRequest& page);
/// Of a list by sequence, newest first: the sequence that the page before ended with; above all where it is the first.
[[nodiscard]] std::int64_t sequence_of(const PageRequest& page);

}  // namespace expplat::server::domain
