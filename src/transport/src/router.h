#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/json_value.h"
#include "sb/snapshot/view_feed.h"
#include "sb/transport/ports.h"
#include "sb/transport/server.h"

#include "access.h"
#include "http_message.h"
#include "revision_waits.h"
#include "static_files.h"
#include "url.h"

namespace sb::transport {

/// Called once with the answer, on the loop, at once or later.
using Reply = std::function<void(HttpResponse)>;

/// Every route that answers with HTTP: reads, events, commands and static files. Sockets and
/// upgrades are elsewhere. Thread: confined to the loop. Borrows everything it is given.
class Router : public std::enable_shared_from_this<Router> {
 public:
  Router(const ServerConfig& config, const ServerPorts& ports, const AccessPolicy& access,
         RevisionWaits& waits, snapshot::ViewEncoder& views,
         std::function<std::shared_ptr<StreamSession>()> new_stream);

  /// Takes a request that passed AccessPolicy::refuse_host and refuse_peer.
  void handle(HttpRequest request, Target target, const Peer& peer, Reply reply);

  /// Every route, as "GET /api/projects/{}": "{}" stands for one segment.
  [[nodiscard]] static std::vector<std::string> route_names();

  /// 503 until the server is ready.
  [[nodiscard]] HttpResponse not_ready() const;

 private:
  struct Call {
    HttpRequest request;
    Target target;
    std::string id;  ///< the variable segment of the path
    Reply reply;
    bool local = false;  ///< over the Unix socket
  };
  using Handler = void (Router::*)(Call&);
  struct Route {
    std::string_view method;
    std::string_view pattern;  ///< "{}" stands for one segment
    Handler handler;
    std::size_t segments = count_segments(pattern);
  };
  [[nodiscard]] static std::size_t count_segments(std::string_view pattern);
  static const std::vector<Route>& routes();

  void handle_api(HttpRequest request, Target target, const Peer& peer, Reply reply);
  void handle_page(const HttpRequest& request, const Target& target, const Reply& reply);

  void get_health(Call& call);
  void get_ready(Call& call);
  void get_metrics(Call& call);
  void get_description(Call& call);
  void get_projects(Call& call);
  void get_snapshot(Call& call);
  void get_changes(Call& call);
  void get_workspace(Call& call);
  void get_explain(Call& call);
  void get_history(Call& call);
  void get_trpc(Call& call);
  void get_upgrade_only(Call& call);
  void post_events(Call& call);
  void post_hook(Call& call);
  void post_project(Call& call);
  void delete_project(Call& call);
  void post_reconcile(Call& call);
  void post_workspace(Call& call);
  void post_workspace_retry(Call& call);
  void post_workspace_rename(Call& call);
  void post_workspace_archive(Call& call);
  void get_archived(Call& call);
  void post_workspace_unarchive(Call& call);
  void delete_workspace(Call& call);
  void get_setup_output(Call& call);
  void post_run_script(Call& call);
  void get_run_script_output(Call& call);
  void get_fixer_output(Call& call);
  void post_pull_request_refresh(Call& call);
  void post_ratchet(Call& call);
  void put_terminal(Call& call);
  void handle_webhook(HttpRequest request, const Reply& reply);

  /// `plain`: the entries of the contract, of the one project of the view; else those of `/sync`.
  [[nodiscard]] HttpResponse snapshot_response(const HttpRequest& request,
                                               const snapshot::View& view, bool plain) const;
  void answer_stream(Call& call, const std::string& cursor);
  /// One batch as soon as there is one, or an empty one at `until`.
  void answer_changes(std::shared_ptr<snapshot::ViewFeed> feed, MonoTime until, Reply reply);
  void answer_output(Call& call, OutputSink* sink);
  [[nodiscard]] std::string status_members() const;
  void append_sources(std::string& out) const;
  [[nodiscard]] std::function<void(Result<std::uint64_t>)> answer_revision(Reply reply);
  [[nodiscard]] std::function<void(Result<WorkspaceSink::State>)> answer_state(int status,
                                                                               Reply reply);

  const ServerConfig& config_;
  const ServerPorts& ports_;
  const AccessPolicy& access_;
  RevisionWaits& waits_;
  snapshot::ViewEncoder& views_;
  std::function<std::shared_ptr<StreamSession>()> new_stream_;
  StaticFiles files_;
  JsonDocument event_document_;  // parses one body after the other
};

/// A project as readers see it, as JSON text.
void append_project_json(std::string& out, const model::ProjectInfo& project,
                         std::size_t workspaces);

}  // namespace sb::transport
