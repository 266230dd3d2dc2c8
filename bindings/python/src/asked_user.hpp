// `AskedUser`: the user of one call, which is a `User` object or what a dict describes.
//
// Most dicts have the names of one before. So the users that the last ones described are kept, with the Python texts that
// were their names: where the next dict has the same in the same order, only values are written. With the GIL; a kept user
// is one call's at a time, as a call that makes Python objects can run into another. Next: `answers.cpp`.
#pragma once

#include <Python.h>

#include <optional>

#include "bindings/python/src/client.hpp"
#include "expplat/base/user.hpp"

namespace expplat::python {

class KeptUser;

class AskedUser {
public:
    explicit AskedUser(PyObject* object) noexcept {
        if (Py_TYPE(object) != user_type && PyDict_Check(object)) read(object);
        else user_ = user_of(object);
    }
    ~AskedUser() {
        if (kept_ != nullptr) give_back();
    }
    AskedUser(const AskedUser&) = delete;
    AskedUser& operator=(const AskedUser&) = delete;

    /// Null where the object is neither, or the dict describes no user.
    [[nodiscard]] const User* get() const noexcept { return user_; }

private:
    void read(PyObject* dict) noexcept;
    void give_back() noexcept;

    const User* user_ = nullptr;
    KeptUser* kept_ = nullptr;  // whose `user_` is
    std::optional<User> own_;   // of a call inside of another
};

}  // namespace expplat::python
