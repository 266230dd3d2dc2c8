// `Workspace`: turns ruleset documents and patches into images, and remembers what it compiled.
//
// Entities are compiled one by one and kept by the hash of their JSON, so the next ruleset or a patch compiles what
// changed and links the rest. Owned by whoever follows a ruleset (client runtime, server, command line); not
// thread-safe. A refused document or patch changes nothing. Source: RULESET.md; the patch is CONTROL-PLANE.md's
// `patch {base, version, set, remove}`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expplat/base/result.hpp"
#include "expplat/image/image.hpp"
#include "src/ruleset/chunk.hpp"
#include "src/ruleset/json.hpp"
#include "src/ruleset/outline.hpp"
#include "src/ruleset/problem.hpp"
#include "src/ruleset/read.hpp"

namespace expplat::ruleset {

struct Checked;
struct LinkInput;

struct Compiled {
    image::Image image;
    std::vector<std::string>
        unsupported;                      // pointers of the flags and experiments that answer ERROR / GENERAL
    std::uint32_t compiled_entities = 0;  // how many were compiled anew; the others were kept
    /// Flags and experiments that are new, gone or evaluate by other rules than in the ruleset before, segments included:
    /// in the order of the ruleset, those that are gone last. Empty for a workspace's first ruleset.
    std::vector<std::string> changed_keys;
};

/// Whether the JSON of every entity is kept for `Workspace::document`.
enum class Retain : std::uint8_t { no_documents, documents };

class Workspace {
public:
    /// Images are made in `memory`, which outlives them.
    explicit Workspace(Mode mode, Retain retain = Retain::no_documents, const image::Memory& memory = {})
        : mode_(mode), retain_(retain), memory_(memory) {}

    /// Compiles a whole document. Error `invalid_ruleset`: the message is all problems, a line each, as
    /// `POINTER: what is wrong`. Error `too_large`: a limit of the image.
    [[nodiscard]] Result<Compiled> compile(std::string_view text);

    /// Applies `{"base": N, "version": N, "set": {"flags": {KEY: …}, …}, "remove": {"flags": [KEY, …], …}}` to the
    /// ruleset that was compiled last: an entity that is set takes its old place, or the last one. Errors: as
    /// `compile`; `not_ready` before the first document; `invalid_argument` where `base` is not its version.
    [[nodiscard]] Result<Compiled> patch(std::string_view text);

    /// Memory of an image that nobody uses any more: the next one is made in it.
    void reuse(image::Buffer buffer) noexcept { spare_ = std::move(buffer); }

    /// The current ruleset as one compact document, patches included; compiling it gives the same image. Empty before the
    /// first ruleset, and where documents are not retained.
    [[nodiscard]] std::string document() const;

    /// A document was compiled, so that patches have something to apply to.
    [[nodiscard]] bool has_ruleset() const noexcept { return has_ruleset_; }
    [[nodiscard]] std::uint64_t version() const noexcept { return version_; }
    [[nodiscard]] const std::string& environment() const noexcept { return environment_; }

private:
    /// One entity of the ruleset, in document order. Cheap to copy: a patch copies all that it leaves as they are.
    struct Slot {
        std::shared_ptr<const Outline> outline;
        std::shared_ptr<const Chunk> chunk;  // null where the entity is unsupported
        /// Kept for `document`, and where the order of its conditions may have to change; else null.
        std::shared_ptr<const std::string> json;
        std::uint64_t weights_hash = 0;  // of the call weights it was compiled with; 0: none
    };

    /// What was read anew for a slot.
    struct SlotBody {
        std::size_t slot;
        Body body;  // `monostate` where the entity has problems or is unsupported
    };

    /// A ruleset that is being made; it replaces the current one once it is linked.
    struct Draft {
        std::vector<Slot> slots;
        std::vector<SlotBody> bodies;         // in the order of the slots; none of those that a patch leaves
        std::vector<std::uint32_t> previous;  // by slot: its place in the current ruleset, or `new_slot`
        std::vector<Problem> problems;
        MapPlaces map_places = default_map_places;
        std::string environment;
        std::uint64_t version = 0;
        std::uint32_t compiled_entities = 0;
    };

    [[nodiscard]] Result<Compiled> finish(Draft& draft);
    void compile_slots(Draft& draft, const Checked& checked) const;
    void compile_slot(Draft& draft, std::size_t i, const Body* body, const Checked& checked, bool deep) const;
    [[nodiscard]] Result<Draft> draft_of_patch(const Node& root) const;
    [[nodiscard]] bool keeps_json(const Outline& outline) const noexcept;
    [[nodiscard]] std::vector<std::string> changed_keys(const Draft& draft, const Checked& checked) const;
    [[nodiscard]] std::vector<std::string> gone_keys(const Draft& draft) const;

    static constexpr std::uint32_t new_slot = 0xFFFFFFFFu;

    Mode mode_;
    Retain retain_;
    image::Memory memory_;
    std::optional<image::Buffer> spare_;  // of `memory_` too
    std::string environment_;
    std::uint64_t version_ = 0;
    bool has_ruleset_ = false;  // one was compiled; it may be empty, of environment "" and version 0
    std::vector<Slot> slots_;
    MapPlaces map_places_ = default_map_places;
};

/// All problems, a line each, as `POINTER: what is wrong`; control characters as `\u00XX`.
[[nodiscard]] std::string to_text(const std::vector<Problem>& problems);

}  // namespace expplat::ruleset
