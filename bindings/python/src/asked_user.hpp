// `AskedUser`: the user of one call, which is a `User` object or what a dict describes.
//
// Most dicts have the names of the one before. So the user that the last one described is kept, with the Python texts that
// were its names: where the next dict has the same objects in the same order, only values are written. With the GIL;
// what is kept is one call's at a time, as a call that makes Python objects can run into another. Next: `answers.cpp`.
#pragma once

#include <Python.h>

#include <optional>

#include "bindings/python/src/client.hpp"
#include "expplat/base/user.hpp"

namespace expplat::python {

class AskedUser {
public:
    explicit AskedUser(PyObject* object) noexcept {
        if (Py_TYPE(object) != user_type && PyDict_Check(object)) read(object);
        else user_ = user_of(object);
    }
    ~AskedUser() {
        if (holds_kept_) give_back();
    }
    AskedUser(const AskedUser&) = delete;
    AskedUser& operator=(const AskedUser&) = delete;

    /// Null where the object is neither, or the dict describes no user.
    [[nodiscard]] const User* get() const noexcept { return user_; }

private:
    void read(PyObject* dict) noexcept;
    static void give_back() noexcept;

    const User* user_ = nullptr;
    bool holds_kept_ = false;
    std::optional<User> own_;  // of a call inside of another
};

}  // namespace expplat::python
