#pragma once

namespace sb::bench {

/// An estimate of how many times slower this machine is, at this moment, than the one the targets
/// were set on: by what simdjson's DOM takes to read an event of 384 bytes into a struct, 113 ns
/// there. That event is not known, so this one may hold more or fewer members. Nothing of ours is
/// measured. Takes some 100 ms. Thread: any.
[[nodiscard]] double slower_than_the_targets_machine();

}  // namespace sb::bench
