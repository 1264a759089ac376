#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <future>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sb/core/check.h"
#include "sb/sqlite/database.h"

namespace sb::sqlite {
namespace {

struct Job {
  std::function<Result<void>(Database&)> work;
  std::function<void(Result<void>)> done;
};

struct Outcome {
  std::vector<Result<void>> results;  // one per job
  bool begun = false;                 // there was a transaction
  bool wrote = false;                 // something that lasts
};

bool failed_by_database(const Result<void>& result) {
  return !result && (result.error().code == ErrorCode::internal ||
                     result.error().code == ErrorCode::unavailable);
}

/// One transaction for the whole batch, a savepoint for each of several jobs. An error returned
/// here means that nothing of the batch is in the file.
Result<void> run_batch(Database& database, std::span<const Job> batch, Outcome& outcome) {
  SB_TRY_VOID(database.execute("BEGIN IMMEDIATE"));
  outcome.begun = true;
  const bool several = batch.size() > 1;
  for (const Job& job : batch) {
    if (several) SB_TRY_VOID(database.execute("SAVEPOINT job"));
    const std::int64_t before = database.changes_total();
    Result<void> result = job.work(database);
    if (!database.in_transaction()) {
      // SQLite itself gave the transaction up, for instance because the disk is full.
      if (result) result = fail(ErrorCode::internal, "the transaction ended inside a job");
      return result;
    }
    if (!several && !result) return result;
    if (!result) SB_TRY_VOID(database.execute("ROLLBACK TO job"));
    if (several) SB_TRY_VOID(database.execute("RELEASE job"));
    outcome.wrote = outcome.wrote || (result && database.changes_total() != before);
    outcome.results.push_back(std::move(result));
  }
  return database.execute("COMMIT");
}

}  // namespace

struct Writer::Impl {
  explicit Impl(std::unique_ptr<Database> opened)
      : database(std::move(opened)), thread([this] { loop(); }) {}

  void loop() {
    while (true) {
      std::vector<Job> batch;
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [this] { return stopping || !queue.empty(); });
        if (queue.empty()) return;
        while (!queue.empty() && batch.size() < kBatchJobsMax) {
          batch.push_back(std::move(queue.front()));
          queue.pop_front();
        }
      }
      Outcome outcome = commit(batch);
      note(outcome);
      for (std::size_t i = 0; i < batch.size(); ++i) batch[i].done(std::move(outcome.results[i]));
    }
  }

  Outcome commit(std::span<const Job> batch) const {
    Outcome outcome;
    outcome.results.reserve(batch.size());
    const auto committed = run_batch(*database, batch, outcome);
    if (committed) return outcome;
    // Nothing of the batch is in the file, so nobody may be told otherwise. A failing rollback
    // leaves no transaction either, or makes the next BEGIN fail, which its callers are told.
    if (database->in_transaction()) static_cast<void>(database->execute("ROLLBACK"));
    outcome.results.assign(batch.size(), committed);
    outcome.wrote = false;
    if (!outcome.begun || batch.size() == 1) return outcome;
    // One of them was too much, for the disk or for a constraint: the others go without it.
    for (std::size_t i = 0; i < batch.size(); ++i) {
      Outcome alone = commit(batch.subspan(i, 1));
      outcome.results[i] = std::move(alone.results.front());
      outcome.wrote = outcome.wrote || alone.wrote;
    }
    return outcome;
  }

  void note(const Outcome& outcome) {
    const auto& results = outcome.results;
    const auto failed = std::find_if(results.begin(), results.end(), failed_by_database);
    const std::lock_guard lock(mutex);
    if (failed != results.end()) {
      trouble = failed->error().message;
    } else if (outcome.wrote) {
      trouble.clear();
    }
  }

  std::unique_ptr<Database> database;  // the database thread's alone
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Job> queue;  // guarded by mutex
  std::string trouble;    // guarded by mutex
  bool stopping = false;  // guarded by mutex
  std::thread thread;     // last: starts when everything else is there
};

Writer::Writer(std::unique_ptr<Database> database)
    : impl_(std::make_unique<Impl>(std::move(database))) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
}

void Writer::submit(std::function<Result<void>(Database&)> job,
                    std::function<void(Result<void>)> done) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->queue.push_back({std::move(job), std::move(done)});
  }
  impl_->wake.notify_one();
}

Result<void> Writer::run(std::function<Result<void>(Database&)> job) {
  SB_CHECK(std::this_thread::get_id() != impl_->thread.get_id(), "run would wait for itself");
  // Shared, because the database thread may still be inside set_value when this one goes on.
  const auto answer = std::make_shared<std::promise<Result<void>>>();
  submit(std::move(job), [answer](Result<void> result) { answer->set_value(std::move(result)); });
  return answer->get_future().get();
}

std::string Writer::trouble() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->trouble;
}

}  // namespace sb::sqlite
