#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "sb/core/loop.h"
#include "sb/core/result.h"
#include "sb/sqlite/database.h"

namespace sb::sqlite {

/// Runs `job` on the database thread and, after its commit, `then` with what it returned on the
/// loop, unless `owner` died. The one road from the loop to the tables and back: nothing can be
/// told before it is committed. What `then` holds is destroyed on the loop as well.
template <class T>
void submit(Loop& loop, Writer& writer, std::weak_ptr<const void> owner,
            std::function<Result<T>(Database&)> job, std::function<void(Result<T>)> then) {
  auto answer = std::make_shared<std::optional<T>>();
  writer.submit(
      [job = std::move(job), answer](Database& database) -> Result<void> {
        SB_TRY(T value, job(database));
        answer->emplace(std::move(value));
        return {};
      },
      // Moved on, so that the database thread keeps nothing that could end there.
      [&loop, owner = std::move(owner), then = std::move(then),
       answer](Result<void> committed) mutable {
        loop.post([owner = std::move(owner), then = std::move(then), answer = std::move(answer),
                   committed = std::move(committed)] {
          const auto alive = owner.lock();
          if (!alive) return;
          then(committed ? Result<T>(std::move(**answer)) : Result<T>(committed.error()));
        });
      });
}

}  // namespace sb::sqlite
