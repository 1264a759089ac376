#include "sb/core/metrics.h"

#include <deque>
#include <map>
#include <mutex>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace sb {
namespace {

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& inner) : inner_(&inner) {}
  void add(double amount) override { inner_->Increment(amount); }
  [[nodiscard]] double value() const override { return inner_->Value(); }

 private:
  prometheus::Counter* inner_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& inner) : inner_(&inner) {}
  void set(double value) override { inner_->Set(value); }

 private:
  prometheus::Gauge* inner_;
};

class PrometheusHistogram final : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& inner) : inner_(&inner) {}
  void observe(double value) override { inner_->Observe(value); }

 private:
  prometheus::Histogram* inner_;
};

std::map<std::string, std::string> to_map(MetricLabels labels) {
  std::map<std::string, std::string> map;
  for (const auto& [key, value] : labels) map.emplace(key, value);
  return map;
}

std::string full_name(std::string_view name) {
  return "snapboard_" + std::string(name);
}

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  std::mutex mutex;
  std::deque<PrometheusCounter> counters;        // guarded by mutex; addresses stay
  std::deque<PrometheusGauge> gauges;            // guarded by mutex
  std::deque<PrometheusHistogram> histograms;    // guarded by mutex
  std::deque<std::function<void()>> refreshers;  // set up before anything is served
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(std::string_view name, std::string_view help, MetricLabels labels) {
  auto& family = prometheus::BuildCounter()
                     .Name(full_name(name))
                     .Help(std::string(help))
                     .Register(impl_->registry);
  const std::lock_guard lock(impl_->mutex);
  return impl_->counters.emplace_back(family.Add(to_map(labels)));
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, MetricLabels labels) {
  auto& family = prometheus::BuildGauge()
                     .Name(full_name(name))
                     .Help(std::string(help))
                     .Register(impl_->registry);
  const std::lock_guard lock(impl_->mutex);
  return impl_->gauges.emplace_back(family.Add(to_map(labels)));
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help,
                              const std::vector<double>& bucket_bounds, MetricLabels labels) {
  auto& family = prometheus::BuildHistogram()
                     .Name(full_name(name))
                     .Help(std::string(help))
                     .Register(impl_->registry);
  const std::lock_guard lock(impl_->mutex);
  return impl_->histograms.emplace_back(family.Add(to_map(labels), bucket_bounds));
}

void Metrics::before_text(std::function<void()> refresh) {
  impl_->refreshers.push_back(std::move(refresh));
}

std::string Metrics::text() const {
  for (const auto& refresh : impl_->refreshers) refresh();
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace sb
