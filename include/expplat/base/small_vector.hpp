// A vector of trivially copyable elements whose first `Inline` ones live in the object itself.
//
// `User` is built from three of these, so that a typical user is made without an allocation. Not
// thread-safe. Where an allocation fails the process ends, as with any container in a program
// without exceptions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <new>
#include <type_traits>
#include <utility>

#include "expplat/base/bytes.hpp"
#include "expplat/base/inline.hpp"

namespace expplat {

template <class T, std::size_t Inline>
class SmallVector {
    static_assert(std::is_trivially_copyable_v<T> && Inline > 0);

public:
    SmallVector() noexcept {}
    SmallVector(const SmallVector& other) { append(other.data(), other.size()); }
    SmallVector(SmallVector&& other) noexcept { take(other); }
    SmallVector& operator=(const SmallVector& other) {
        if (this != &other) {
            size_ = 0;
            append(other.data(), other.size());
        }
        return *this;
    }
    SmallVector& operator=(SmallVector&& other) noexcept {
        if (this != &other) {
            release();
            take(other);
        }
        return *this;
    }
    ~SmallVector() { release(); }

    [[nodiscard]] T* data() noexcept { return data_; }
    [[nodiscard]] const T* data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] T& operator[](std::size_t i) noexcept { return data_[i]; }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return data_[i]; }

    void push_back(const T& element) {
        const T copy = element;  // `element` may live in the storage that is about to move
        reserve(std::size_t{size_} + 1);
        std::memcpy(static_cast<void*>(data_ + size_), &copy, sizeof(T));
        ++size_;
    }

    /// Makes the new last element in its place from `parts`, which are values, not references into this vector.
    template <class... Parts>
    void emplace_back(Parts... parts) {
        reserve(std::size_t{size_} + 1);
        ::new (static_cast<void*>(data_ + size_)) T{parts...};
        ++size_;
    }

    /// `elements` may point into this vector.
    void append(const T* elements, std::size_t count) {
        if (count == 0) return;
        const bool own =
            !std::less<const T*>{}(elements, data_) && std::less<const T*>{}(elements, data_ + size_);
        const std::size_t at = own ? static_cast<std::size_t>(elements - data_) : 0;
        reserve(size_ + count);
        const T* const from = own ? data_ + at : elements;  // ends before the new elements begin
        copy(data_ + size_, from, count);
        size_ += static_cast<std::uint32_t>(count);
    }

    /// Shrinks, or grows with `fill`.
    void resize(std::size_t count, const T& fill) {
        reserve(count);
        for (std::size_t i = size_; i < count; ++i) data_[i] = fill;
        size_ = static_cast<std::uint32_t>(count);
    }

    /// Keeps the first `count`, which are here.
    void truncate(std::size_t count) noexcept { size_ = static_cast<std::uint32_t>(count); }
    void clear() noexcept { size_ = 0; }

private:
    /// Texts are mostly short: a call of `memcpy` takes longer than they do.
    static void copy(T* to, const T* from, std::size_t count) noexcept {
        if constexpr (sizeof(T) == 1)
            copy_bytes(reinterpret_cast<char*>(to), {reinterpret_cast<const char*>(from), count});
        else std::memcpy(static_cast<void*>(to), from, count * sizeof(T));
    }

    [[nodiscard]] T* inline_elements() noexcept { return std::launder(reinterpret_cast<T*>(storage_)); }
    [[nodiscard]] bool on_heap() const noexcept {
        return static_cast<const void*>(data_) != static_cast<const void*>(storage_);
    }

    void reserve(std::size_t count) {
        if (count > capacity_) grow(count);
    }

    EXPPLAT_NOINLINE void grow(std::size_t count) {
        std::size_t capacity = std::size_t{capacity_} * 2;
        if (capacity < count) capacity = count;
        T* grown = static_cast<T*>(::operator new (capacity * sizeof(T), std::align_val_t{alignof(T)}));
        if (size_ > 0) std::memcpy(static_cast<void*>(grown), data_, size_ * sizeof(T));
        free_heap();
        data_ = grown;
        capacity_ = static_cast<std::uint32_t>(capacity);
    }

    void take(SmallVector& other) noexcept {
        if (other.on_heap()) {
            data_ = std::exchange(other.data_, other.inline_elements());
            capacity_ = std::exchange(other.capacity_, static_cast<std::uint32_t>(Inline));
        } else if (other.size_ > 0) {
            std::memcpy(static_cast<void*>(storage_), other.storage_, other.size_ * sizeof(T));
        }
        size_ = std::exchange(other.size_, 0u);
    }

    void free_heap() noexcept {
        if (on_heap()) ::operator delete (data_, std::align_val_t{alignof(T)});
    }

    void release() noexcept {
        free_heap();
        data_ = inline_elements();
        capacity_ = static_cast<std::uint32_t>(Inline);
        size_ = 0;
    }

    alignas(T) std::byte storage_[Inline * sizeof(T)];
    T* data_ = inline_elements();
    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = static_cast<std::uint32_t>(Inline);
};

}  // namespace expplat
