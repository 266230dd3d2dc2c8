#include "bindings/python/src/asked_user.hpp"

#include <array>
#include <cstddef>
#include <string_view>

#include "bindings/python/src/arguments.hpp"
#include "bindings/python/src/held.hpp"
#include "bindings/python/src/known_texts.hpp"
#include "bindings/python/src/user_reader.hpp"
#include "expplat/base/limits.hpp"

namespace expplat::python {

namespace {

/// A user of more, or of longer texts, is not kept: its memory is given back.
constexpr std::size_t most_kept_names = 64;
constexpr std::size_t most_kept_text = 1024;

/// The user that a dict described last. It outlives the interpreter, which its names could not be given back to.
struct Kept {
    bool held = false;  // by a call
    std::optional<User> user;
    std::array<PyObject*, most_kept_names> names{};  // of the user's attributes, by position; owned
    std::size_t name_count = 0;                      // 0: the next dict is read anew
};
Kept& kept = *new Kept;

/// A new reference to a dict's member; null, and no error, for an absent one.
Held member(PyObject* dict, PyObject* name) noexcept {
    PyObject* const found = PyDict_GetItemWithError(dict, name);
    if (found == nullptr && PyErr_Occurred() != nullptr) PyErr_Clear();
    return Held::borrowed(found);
}

/// Writes the values of the names that the user has. False where the dict has others, or a value that is no scalar.
bool write_values(PyObject* attributes) {
    Py_ssize_t place = 0;
    PyObject* name = nullptr;
    PyObject* object = nullptr;
    std::size_t position = 0;
    while (PyDict_Next(attributes, &place, &name, &object)) {
        Value value;
        if (position == kept.name_count || name != kept.names[position] || !read_scalar(object, value) ||
            value.string().size() > most_kept_text || !kept.user->set_at(position, value))
            return false;
        ++position;
    }
    return position == kept.name_count;
}

bool reads_as_before(std::string_view key, PyObject* attributes) {
    return kept.name_count > 0 && key.size() <= most_kept_text && kept.user->reset(key) &&
           write_values(attributes);
}

void forget_names() noexcept {
    while (kept.name_count > 0) Py_DECREF(kept.names[--kept.name_count]);
}

/// After the user was made of them: each name is an attribute of its own, and each value a scalar.
void keep_names(std::string_view key, PyObject* attributes) noexcept {
    const auto size = static_cast<std::size_t>(PyDict_Size(attributes));
    if (size > most_kept_names || kept.user->name_count() != size || key.size() > most_kept_text) return;
    Py_ssize_t place = 0;
    PyObject* name = nullptr;
    PyObject* object = nullptr;
    while (PyDict_Next(attributes, &place, &name, &object)) {
        Value value;
        if (!read_scalar(object, value) || value.string().size() > most_kept_text) return forget_names();
        kept.names[kept.name_count++] = Py_NewRef(name);
    }
}

/// Makes the user of it. False where it describes none.
bool read_anew(PyObject* attributes, User& user) {
    UserReader reader(user);
    return attributes == nullptr || attributes == Py_None ||
           (PyDict_Check(attributes) && reader.add_all(attributes));
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
    const bool is_dict = attributes != nullptr && PyDict_Check(attributes.get());
    try {
        if (kept.held) {
            own_.emplace(key);
            if (read_anew(attributes.get(), *own_)) user_ = &*own_;
            return;
        }
        kept.held = holds_kept_ = true;
        if (!is_dict || !reads_as_before(key, attributes.get())) {
            forget_names();
            kept.user.emplace(key);
            if (!read_anew(attributes.get(), *kept.user)) return;
            if (is_dict) keep_names(key, attributes.get());
        }
        user_ = &*kept.user;
    } catch (...) { forget_names(); }  // memory ran out
}

void AskedUser::give_back() noexcept {
    if (kept.name_count == 0) kept.user.reset();
    kept.held = false;
}

}  // namespace expplat::python
