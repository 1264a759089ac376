#pragma once

#include <cstdint>

#include "subscriber.h"

namespace sb::load {

/// Connects, upgrades, hears the answer, leaves, and begins again.
class Handshaker final : public Watched {
 public:
  Handshaker(Shared& shared, std::uint64_t& count) : shared_(&shared), count_(&count) {}
  void start();
  void stop();
  void on_ready(std::uint32_t events) override;

 private:
  void ask();
  void fail();

  Shared* shared_;
  std::uint64_t* count_;
  UniqueFd fd_;
  bool asked_ = false;
  bool waits_to_ask_ = false;
  bool stopped_ = false;
};

}  // namespace sb::load
