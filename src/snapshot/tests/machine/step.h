#pragma once

#include <cstdint>
#include <ostream>
#include <vector>

#include <boost/describe.hpp>
#include <rapidcheck.h>

#include "sb/core/json_codec.h"

namespace sb::snapshot {

/// What one command does. The plainest stand first: shrinking goes that way.
// clang-format off
#define SB_STEPS                                                                                 \
  state, scalar, pull_request, session, session_removed, session_list, request, request_list,   \
  terminal, terminal_list, remove, archive, deliver, repeat, fence, read, absence, synced,      \
  new_life, retired_life, project, expire, batch, review_count
// clang-format on
enum class Do : std::uint8_t { SB_STEPS };
BOOST_DESCRIBE_ENUM(Do, SB_STEPS)
#undef SB_STEPS

/// One command of the store machine: a few small numbers, each of which means something in every
/// state, so that a list of them stays valid whatever is taken out of it.
struct Step {
  Do what = Do::state;
  int workspace = 0;
  int source = 0;  ///< 0: our own domains
  int project = 0;
  int pick = 0;  ///< which field, element, kept statement
  int value = 0;
  bool late = false;  ///< kept back until a `deliver`

  friend std::ostream& operator<<(std::ostream& out, const Step& step) {
    return out << "{" << enum_text(step.what) << " w" << step.workspace << " source " << step.source
               << " p" << step.project << " pick " << step.pick << " value " << step.value
               << (step.late ? " late}" : "}");
  }
};

inline constexpr int kStepWorkspaces = 5;
inline constexpr int kStepProjects = 3;
inline constexpr int kStepPicks = 27;
inline constexpr int kStepValues = 12;

/// Any command; it shrinks member by member towards `state w0` of our own domains.
[[nodiscard]] inline rc::Gen<Step> any_step() {
  // Facts most of the time; what ends a life of something now and then.
  const auto what = rc::gen::weightedElement<Do>({
      {14, Do::state},        {12, Do::scalar},         {10, Do::pull_request},
      {8, Do::session},       {3, Do::session_removed}, {4, Do::session_list},
      {4, Do::request},       {2, Do::request_list},    {3, Do::terminal},
      {2, Do::terminal_list}, {5, Do::remove},          {3, Do::archive},
      {8, Do::deliver},       {7, Do::repeat},          {3, Do::fence},
      {4, Do::read},          {4, Do::absence},         {2, Do::synced},
      {2, Do::new_life},      {2, Do::retired_life},    {1, Do::project},
      {3, Do::expire},        {3, Do::batch},           {1, Do::review_count},
  });
  return rc::gen::build<Step>(
      rc::gen::set(&Step::what, what),
      rc::gen::set(&Step::workspace, rc::gen::inRange(0, kStepWorkspaces)),
      rc::gen::set(&Step::source, rc::gen::inRange(0, 4)),
      rc::gen::set(&Step::project, rc::gen::inRange(0, kStepProjects)),
      rc::gen::set(&Step::pick, rc::gen::inRange(0, kStepPicks)),
      rc::gen::set(&Step::value, rc::gen::inRange(0, kStepValues)),
      rc::gen::set(&Step::late,
                   rc::gen::map(rc::gen::inRange(0, 4), [](int x) { return x == 3; })));
}

[[nodiscard]] inline rc::Gen<std::vector<Step>> any_steps() {
  return rc::gen::container<std::vector<Step>>(any_step());
}

}  // namespace sb::snapshot
