#include "bindings/python/src/asked_user.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bindings/python/src/arguments.hpp"
#include "bindings/python/src/held.hpp"
#include "bindings/python/src/known_texts.hpp"
#include "bindings/python/src/user_reader.hpp"
#include "expplat/base/bytes.hpp"
#include "expplat/base/limits.hpp"

namespace expplat::python {

namespace {

/// A user of more, or of longer texts, is not kept: its memory is given back.
constexpr std::size_t most_kept_names = 64;
constexpr std::size_t most_kept_text = 1024;

/// A new reference to a dict's member; null, and no error, for an absent one.
Held member(PyObject* dict, PyObject* name) noexcept {
    PyObject* const found = PyDict_GetItemWithError(dict, name);
    if (found == nullptr && PyErr_Occurred() != nullptr) PyErr_Clear();
    return Held::borrowed(found);
}

/// Mostly names are one object, which the compiler of Python made; those of a JSON text are new each time.
bool is_same_name(PyObject* name, PyObject* other) noexcept {
    if (name == other) [[likely]]
        return true;
    const auto text = text_of(name);
    const auto other_text = text_of(other);
    return text && other_text && same_bytes(*text, *other_text);
}

/// Sets all attributes. False where a user cannot have them.
bool read_all(PyObject* attributes, User& user) {
    if (attributes == nullptr || attributes == Py_None) return true;
    return PyDict_Check(attributes) && UserReader(user).add_all(attributes);
}

}  // namespace

/// A user that a dict described, for the next dict of the same names.
class KeptUser {
public:
    bool held = false;  // by a call

    /// Null where the dict describes no user.
    [[nodiscard]] const User* read(std::string_view key, PyObject* attributes) {
        const bool is_dict = attributes != nullptr && PyDict_Check(attributes);
        if (is_dict && reads_as_before(key, attributes)) return &*user_;
        forget_names();
        user_.emplace(key);
        if (!read_all(attributes, *user_)) return nullptr;
        if (is_dict) keep_names(key, attributes);
        return &*user_;
    }
    void give_back() noexcept {
        if (name_count_ == 0) user_.reset();
        held = false;
    }
    void forget_names() noexcept {
        while (name_count_ > 0) Py_DECREF(names_[--name_count_]);
    }

private:
    [[nodiscard]] bool reads_as_before(std::string_view key, PyObject* attributes) {
        return name_count_ > 0 && key.size() <= most_kept_text && user_->reset(key) &&
               write_values(attributes);
    }

    /// False where the dict has other names, or a value that is no scalar.
    [[nodiscard]] bool write_values(PyObject* attributes) {
        Py_ssize_t place = 0;
        PyObject* name = nullptr;
        PyObject* object = nullptr;
        std::size_t position = 0;
        for (; PyDict_Next(attributes, &place, &name, &object); ++position) {
            Value value;
            if (position == name_count_ || !is_same_name(name, names_[position]) ||
                !read_scalar(object, value) || value.string().size() > most_kept_text ||
                !user_->set_at(position, value))
                return false;
        }
        return position == name_count_;
    }

    /// After the user was made of them: where each name is an attribute of its own, and each value a scalar.
    void keep_names(std::string_view key, PyObject* attributes) noexcept {
        const auto size = static_cast<std::size_t>(PyDict_Size(attributes));
        if (size > most_kept_names || user_->name_count() != size || key.size() > most_kept_text) return;
        Py_ssize_t place = 0;
        PyObject* name = nullptr;
        PyObject* object = nullptr;
        while (PyDict_Next(attributes, &place, &name, &object)) {
            Value value;
            const auto text = text_of(name);
            if (!text || text->size() > most_kept_text || !read_scalar(object, value) ||
                value.string().size() > most_kept_text)
                return forget_names();
            names_[name_count_++] = Py_NewRef(name);
        }
    }

    std::optional<User> user_;
    std::array<PyObject*, most_kept_names> names_{};  // of the user's attributes, by position; owned
    std::size_t name_count_ = 0;                      // 0: the next dict is read anew
};

namespace {

/// They outlive the interpreter, which their names could not be given back to.
constexpr std::size_t kept_count = 8;  // a power of two
auto& kept_users = *new std::array<KeptUser, kept_count>;

/// Dicts of other names mostly begin with another one, or have more or fewer.
KeptUser& kept_for(PyObject* attributes) noexcept {
    Py_ssize_t place = 0;
    PyObject* name = nullptr;
    std::uintptr_t first = 0;
    if (attributes != nullptr && PyDict_Check(attributes)) {
        first = static_cast<std::uintptr_t>(PyDict_Size(attributes));
        if (PyDict_Next(attributes, &place, &name, nullptr)) {
            if (const auto text = text_of(name); text && !text->empty())
                first += static_cast<unsigned char>(text->front()) + text->size() * 3;
        }
    }
    return kept_users[first & (kept_count - 1)];
}

}  // namespace

void AskedUser::read(PyObject* dict) noexcept {
    const Held key_object = member(dict, known_texts().key);
    std::string_view key;  // empty: no key, as for one that is no text
    if (key_object != nullptr && PyUnicode_Check(key_object.get())) {
        const auto text = text_of(key_object.get());
        if (!text || text->size() > limits::user_bytes) return;
        key = *text;
    }
    const Held attributes = member(dict, known_texts().attributes);
    KeptUser& kept = kept_for(attributes.get());
    try {
        if (kept.held) {
            own_.emplace(key);
            if (read_all(attributes.get(), *own_)) user_ = &*own_;
            return;
        }
        kept.held = true;
        kept_ = &kept;
        user_ = kept.read(key, attributes.get());
    } catch (...) { kept.forget_names(); }  // memory ran out
}

void AskedUser::give_back() noexcept { kept_->give_back(); }

}  // namespace expplat::python
