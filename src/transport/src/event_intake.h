#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/json_value.h"
#include "sb/core/result.h"
#include "sb/model/event.h"
#include "sb/transport/ports.h"

#include "http_message.h"

namespace sb::transport {

/// The three forms of POST /api/events (protocol, section 5).
enum class EventForm { single, batch, lines };

/// By Content-Type; nothing when it is none of them.
[[nodiscard]] std::optional<EventForm> event_form(const HttpRequest& request);

/// A parsed request body: good events in order, and for each input event either its place among
/// them or its error.
struct ParsedEvents {
  struct Input {
    std::optional<std::string> id;  ///< as far as it could be read
    std::optional<Error> error;     ///< unset: it is the next one of `events`
  };
  std::vector<Input> inputs;
  std::vector<model::ExternalEvent> events;
};

/// `document` is what texts are parsed with. Errors: invalid_argument when the body as a whole is
/// not what its type says.
[[nodiscard]] Result<ParsedEvents> parse_events(EventForm form, std::string_view body,
                                                JsonDocument& document);

/// The answer to what was applied. `answer.verdicts` belong to the events handed over, in order.
[[nodiscard]] HttpResponse events_response(EventForm form,
                                           const std::vector<ParsedEvents::Input>& inputs,
                                           const EventsAnswer& answer);

}  // namespace sb::transport
