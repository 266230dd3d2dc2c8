#include "server/http/outbox.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace expplat::server::http {

namespace {

constexpr std::string_view line_end = "\r\n";

/// `1a2\r\n`, in `room`.
std::string_view chunk_head(std::size_t bytes, std::array<char, 18>& room) noexcept {
    char* end = std::to_chars(room.data(), room.data() + 16, bytes, 16).ptr;
    end = std::copy(line_end.begin(), line_end.end(), end);
    return {room.data(), static_cast<std::size_t>(end - room.data())};
}

}  // namespace

void Outbox::push(SharedText text, Kind kind) {
    if (text == nullptr || text->empty()) return;  // an empty chunk would be the last one
    pieces_.push_back({std::move(text), kind});
}

std::size_t Outbox::wire_bytes(const Piece& piece) noexcept {
    std::array<char, 18> room;
    return piece.text->size() +
           (piece.kind == Kind::chunk ? chunk_head(piece.text->size(), room).size() + line_end.size() : 0);
}

void Outbox::gather(Gathered& out) const {
    out.count = 0;
    std::size_t skipped = first_sent_;
    const auto add = [&](std::string_view bytes) {
        const std::size_t gone = std::min(skipped, bytes.size());
        skipped -= gone;
        bytes.remove_prefix(gone);
        // sendmsg reads through the pointer, whose type has no const.
        if (!bytes.empty()) out.vectors[out.count++] = {const_cast<char*>(bytes.data()), bytes.size()};
    };
    const std::size_t pieces = std::min(gathered_pieces, pieces_.size() - first_);
    for (std::size_t i = 0; i < pieces; ++i) {
        const Piece& piece = pieces_[first_ + i];
        if (piece.kind == Kind::chunk) add(chunk_head(piece.text->size(), out.heads[i]));
        add(*piece.text);
        if (piece.kind == Kind::chunk) add(line_end);
    }
}

Outbox::Sent Outbox::advance(std::size_t bytes) {
    Sent sent;
    first_sent_ += bytes;
    while (first_ < pieces_.size()) {
        Piece& piece = pieces_[first_];
        const std::size_t length = wire_bytes(piece);
        if (first_sent_ < length) return sent;
        first_sent_ -= length;
        ++sent.pieces;
        if (piece.kind != Kind::message) sent.text_bytes += piece.text->size();
        piece.text.reset();
        ++first_;
    }
    clear();
    return sent;
}

std::size_t Outbox::text_bytes_left() const noexcept {
    std::size_t left = 0;
    for (std::size_t i = first_; i < pieces_.size(); ++i) left += pieces_[i].text->size();
    return left - std::min(left, first_sent_);
}

void Outbox::clear() noexcept {
    std::vector<Piece>().swap(pieces_);
    first_ = first_sent_ = 0;
}

}  // namespace expplat::server::http
