#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sb {

using MetricLabels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// A number that only grows. Thread-safe.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double amount = 1) = 0;
  [[nodiscard]] virtual double value() const = 0;
};

/// A number that goes up and down. Thread-safe.
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double value) = 0;
};

/// A distribution in the given buckets. Thread-safe.
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void observe(double value) = 0;
};

/// All metrics of the process, served as Prometheus text at /metrics. Hides prometheus-cpp.
/// Ownership: returned references live as long as the registry. Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// `name` without the "snapboard_" prefix, base unit and suffix by Prometheus convention. Labels
  /// must be bounded sets.
  Counter& counter(std::string_view name, std::string_view help, MetricLabels labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, MetricLabels labels = {});
  Histogram& histogram(std::string_view name, std::string_view help,
                       const std::vector<double>& bucket_bounds, MetricLabels labels = {});

  /// Calls `refresh` on the reading thread before each `text`, to set gauges that are read, not
  /// pushed.
  void before_text(std::function<void()> refresh);
  /// The text exposition format, version 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sb
