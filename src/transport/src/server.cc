#include "sb/transport/server.h"

#include <utility>

#include "server_core.h"

namespace sb::transport {

Server::Server(EventLoop& loop, ServerConfig config, ServerPorts ports)
    : core_(std::make_shared<ServerCore>(loop, std::move(config), std::move(ports))) {}
Server::~Server() {
  core_->abort();
}

Result<void> Server::listen() {
  return core_->listen();
}
std::string Server::url() const {
  return core_->url();
}
std::uint16_t Server::port() const {
  return core_->port();
}
void Server::store_changed() {
  core_->store_changed();
}
void Server::shutdown(std::chrono::milliseconds grace, std::function<void()> done) {
  core_->shutdown(grace, std::move(done));
}

}  // namespace sb::transport
