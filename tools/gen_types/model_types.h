#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <boost/type_index.hpp>

#include "sb/core/clock.h"
#include "sb/core/json_codec.h"
#include "sb/core/strong_string.h"
#include "sb/model/elements.h"
#include "sb/model/enums.h"
#include "sb/model/facts.h"
#include "sb/model/field.h"

// What of the model goes over the wire, by its description, for every printer of it.

namespace sb::gen {

namespace describe = boost::describe;
namespace mp11 = boost::mp11;

using Enums = mp11::mp_list<
    model::WorkspaceStatus, model::WorkspaceMode, model::AutoIterationStatus, model::PrState,
    model::CiStatus, model::RatchetState, model::RatchetDispatchOutcome, model::RunScriptStatus,
    model::SessionStatus, model::SessionProvider, model::SessionRuntimePhase,
    model::SessionRuntimeProcessState, model::SessionRuntimeActivity, model::PendingRequestType,
    model::TerminalState, model::FlowPhase, model::CiObservation, model::SidebarActivityState,
    model::SidebarCiState, model::KanbanColumn, model::StatusReasonTone, model::StatusReasonCode,
    model::FieldGroup, model::Freshness>;

using Records =
    mp11::mp_list<model::LastExit, model::SessionSummary, model::PendingRequest, model::Terminal,
                  model::GitStats, model::Problem, model::SidebarStatus, model::StatusReason>;

/// The members of an entry that are no scalar fact, in the order of Field after `problem`.
struct NotScalar {
  std::vector<model::SessionSummary> sessionSummaries;
  std::vector<model::PendingRequest> pendingRequests;
  std::vector<model::Terminal> terminals;
  model::SidebarStatus sidebarStatus;
  std::optional<model::KanbanColumn> kanbanColumn;
  model::FlowPhase flowPhase = model::FlowPhase::NO_PR;
  model::CiObservation ciObservation = model::CiObservation::NOT_FETCHED;
  bool ratchetButtonAnimated = false;
  model::StatusReason statusReason{model::StatusReasonCode::SETTING_UP,
                                   std::string_view("Setting up workspace"),
                                   model::StatusReasonTone::working, false};
  std::vector<std::string> unknownFields;
};
BOOST_DESCRIBE_STRUCT(NotScalar, (),
                      (sessionSummaries, pendingRequests, terminals, sidebarStatus, kanbanColumn,
                       flowPhase, ciObservation, ratchetButtonAnimated, statusReason,
                       unknownFields))
static_assert(sb::all_members_described<NotScalar>());
using NotScalarMembers = describe::describe_members<NotScalar, describe::mod_public>;
static_assert(model::kScalarCount + mp11::mp_size<NotScalarMembers>::value == model::kFieldCount,
              "a field of the entry has no TypeScript type yet: add it to NotScalar");

/// What the store manages itself (contract, section 4.5). `fieldTimestamps` is written by hand
/// below.
struct Managed {
  std::int64_t version = 0;
  std::string computedAt;
  std::string source;
};
BOOST_DESCRIBE_STRUCT(Managed, (), (version, computedAt, source))

template <class T>
struct Unwrap {
  using type = T;
  static constexpr bool optional = false;
};
template <class T>
struct Unwrap<std::optional<T>> {
  using type = T;
  static constexpr bool optional = true;
};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsStrong : std::false_type {};
template <class Tag>
struct IsStrong<sb::StrongString<Tag>> : std::true_type {};

template <class T>
constexpr bool kIsText = std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view> ||
                         std::is_same_v<T, sb::WallTime> || IsStrong<T>::value;

template <class T>
std::string type_name() {
  std::string name = boost::typeindex::type_id<T>().pretty_name();
  const auto colon = name.rfind(':');
  return colon == std::string::npos ? name : name.substr(colon + 1);
}

template <class Record>
constexpr bool is_omitted_when_empty(std::string_view name) {
  if constexpr (requires { Record::kJsonOmitEmpty; }) {
    for (const std::string_view omitted : Record::kJsonOmitEmpty) {
      if (omitted == name) return true;
    }
  }
  return false;
}

}  // namespace sb::gen
