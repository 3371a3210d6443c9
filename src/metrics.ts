import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** What a role tells Prometheus. Names and meanings: docs/operations.md. */
export interface Metrics {
  readonly registry: Registry;
  /** By route, method and status. */
  readonly requests: Histogram<"route" | "method" | "status">;
  readonly atWork: Gauge;
  /** By what asked (`job`, `receipt`; at an inference host `queue`). */
  readonly answers: Counter<"kind">;
  readonly head: Gauge;
  readonly lastPass: Gauge;
  readonly failures: Counter<"code">;
  readonly transactions: Counter<"status">;
  readonly spent: Counter;
  readonly rpcFaults: Counter<"endpoint" | "kind">;
  /** Seconds that were left to a deadline when it was met, by what it was for. */
  readonly margin: Histogram<"deadline">;
  /** 1 while a model is not served natively, by model. */
  readonly maintenance: Gauge<"model">;
  readonly unchecked: Gauge;
  readonly accusations: Gauge;
  /** Inference hosts that live, as a gateway sees them. */
  readonly hosts: Gauge;
  /** Requests that lie in the queue, waiting or at work. */
  readonly queueDepth: Gauge;
  /** Times that the queue gave a request to one more host. */
  readonly redeliveries: Counter;
  /** Requests that no host answered, by why. */
  readonly fallbacks: Counter<"code">;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const named = (name: string, help: string) => ({ name: `touchstone_${name}`, help, registers });
  return {
    registry,
    requests: new Histogram({
      ...named("http_request_seconds", "Time to answer HTTP requests"),
      labelNames: ["route", "method", "status"],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    }),
    atWork: new Gauge(named("requests_at_work", "Paid requests at work")),
    answers: new Counter({ ...named("answers_total", "Answers given"), labelNames: ["kind"] }),
    head: new Gauge(named("head_block", "Newest block that was looked at")),
    lastPass: new Gauge(named("last_pass_timestamp_seconds", "When the chain was last looked at")),
    failures: new Counter({ ...named("pass_failures_total", "Looks at the chain that failed"), labelNames: ["code"] }),
    transactions: new Counter({ ...named("transactions_total", "Mined transactions"), labelNames: ["status"] }),
    spent: new Counter(named("gas_spent_coins_total", "Native coin spent on gas")),
    rpcFaults: new Counter({
      ...named("rpc_faults_total", "Endpoints that failed or differed"),
      labelNames: ["endpoint", "kind"],
    }),
    margin: new Histogram({
      ...named("deadline_margin_seconds", "Seconds left when a deadline was met"),
      labelNames: ["deadline"],
      buckets: [0, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400],
    }),
    maintenance: new Gauge({
      ...named("maintenance", "1 while a model is not served natively"),
      labelNames: ["model"],
    }),
    unchecked: new Gauge(named("unchecked_claims", "Claims that wait to be checked")),
    accusations: new Gauge(named("accusations", "Own challenges that are not over")),
    hosts: new Gauge(named("fleet_hosts", "Inference hosts that live")),
    queueDepth: new Gauge(named("fleet_queue_depth", "Requests in the queue, waiting or at work")),
    redeliveries: new Counter(named("fleet_redeliveries_total", "Requests that the queue gave to one more host")),
    fallbacks: new Counter({
      ...named("fleet_fallbacks_total", "Requests that no inference host answered"),
      labelNames: ["code"],
    }),
  };
}
