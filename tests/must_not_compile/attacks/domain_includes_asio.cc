// place: src/domains/git/src/attack.cc
// falls at: layers
// because: src/domains/git/src/attack.cc (domain) reached Boost.Asio and Boost.Beast
#include <boost/asio/version.hpp>
