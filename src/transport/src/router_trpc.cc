#include <utility>
#include <vector>

#include "legacy_reads.h"
#include "router.h"
#include "trpc.h"

// The reads of an existing front end, in the HTTP form of tRPC (protocol, section 2).

namespace sb::transport {

void Router::get_trpc(Call& call) {
  const bool batch = call.target.param("batch") == "1";
  JsonDocument document;
  auto calls = read_trpc_calls(document, call.id, batch, call.target.param("input"));
  std::vector<TrpcAnswer> answers;
  if (calls) {
    for (TrpcCall& one : *calls) {
      auto result = legacy_read(ports_.store, one);
      answers.push_back({std::move(one), std::move(result)});
    }
  } else {
    answers.push_back({{call.id, {}, true}, tl::unexpected(calls.error())});
  }
  HttpResponse response;
  if (batch && calls && call.request.header("trpc-accept") == "application/jsonl") {
    response = json_response(200, trpc_line(answers));
    response.content_type = "application/jsonl";
  } else {
    response = json_response(trpc_status(answers),
                             batch && calls ? trpc_batch(answers) : trpc_single(answers.front()));
  }
  response.add("Vary", "trpc-accept");
  call.reply(std::move(response));
}

}  // namespace sb::transport
