#pragma once

#include <memory>

namespace sb::snapshot {

/// A value most entities never have: a pointer's room until it is first changed, and a T that holds
/// its defaults to whoever reads it before. Thread: a value.
template <class T>
class Sparse {
 public:
  const T& operator*() const {
    static const T kUnset{};
    return value_ ? *value_ : kUnset;
  }
  const T* operator->() const { return &**this; }
  T& edit() {
    if (!value_) value_ = std::make_unique<T>();
    return *value_;
  }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace sb::snapshot
