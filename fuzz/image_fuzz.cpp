// Any bytes as an image: refused, or safe to evaluate and to explain for any user.
//
// The size and the checksum are mended first, so that the fuzzer gets behind them to what `verify` proves. Run by
// `./dev fuzz image SECONDS` under AddressSanitizer and UBSan; seeds are small compiled rulesets.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "expplat/eval/evaluate.hpp"
#include "expplat/eval/explain.hpp"
#include "expplat/image/image.hpp"
#include "src/ruleset/answer_json.hpp"
#include "src/ruleset/explanation.hpp"

namespace {

using namespace expplat;

const std::vector<User>& users() {
    static const std::vector<User> instance{
        User(""), User("u1"),
        User("u2", {{"country", "DE"}, {"level", 31}, {"beta", true}, {"version", "1.2.3-rc.1"}, {"ip", "10.1.2.3"}}),
        User("u3", {{"x", {"a", 1, 2.5, true}}, {"when", "2024-02-29T12:00:00.5Z"}, {"device_id", 7}})};
    return instance;
}

/// Patterns of a hostile image are text only: the engine here answers by their number.
bool answer_by_number(const void*, std::uint32_t pattern, std::string_view text) noexcept {
    return (pattern + text.size()) % 2 == 0;
}

void mend(image::Buffer& buffer) {
    if (buffer.size() < sizeof(image::Header)) return;
    image::Header header;
    std::memcpy(&header, buffer.data(), sizeof header);
    std::memcpy(header.magic, image::magic, sizeof header.magic);
    header.byte_order = image::byte_order;
    header.image_version = image::image_version;
    header.hash_version = hash_version;
    header.size = buffer.size();
    std::memcpy(buffer.data(), &header, sizeof header);
    header.checksum = image::checksum(buffer.data(), buffer.size(), offsetof(image::Header, checksum));
    std::memcpy(buffer.data(), &header, sizeof header);
}

void ask_everything(const image::View& view, const eval::Patterns& patterns) {
    std::string out;
    for (const image::Offset offset : view.entities()) {
        const image::Entity& entity = view.entity(offset);
        for (const User& user : users()) {
            const eval::Answer answer = eval::evaluate(view, entity, user, patterns);
            out.clear();
            ruleset::append_answer_json(out, image::key_of(entity), answer, view.version());
            const eval::Answer explained = eval::explain(view, entity, user, patterns, [](const eval::Step&) {});
            if (explained.variant != answer.variant || explained.reason != answer.reason) std::abort();
        }
        (void)eval::evaluate(view, image::key_of(entity), users().front(), patterns);
        (void)ruleset::explain(view, entity, users().back(), patterns);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    image::Buffer buffer(size / 8 * 8);
    if (buffer.size() > 0) std::memcpy(buffer.data(), data, buffer.size());
    mend(buffer);
    const Result<image::View> view = image::verify({buffer.data(), buffer.size()});
    if (!view) return 0;
    ask_everything(*view, {});
    ask_everything(*view, {nullptr, &answer_by_number});
    return 0;
}
