/** What a scrape error means and what would mend it. */
export interface Translated {
  readonly text: string;
  readonly remedy: string;
  /** What a monitor, or the Prometheus object for all monitors, sets too tight: names of the operator's fields. */
  readonly limit?: { readonly own: string; readonly enforced: string };
  /** A field of the endpoint that another value mends. */
  readonly field?: { readonly name: string; readonly value: string };
}

const lengthLimits = {
  name: { own: 'labelNameLengthLimit', enforced: 'enforcedLabelNameLengthLimit' },
  value: { own: 'labelValueLengthLimit', enforced: 'enforcedLabelValueLengthLimit' },
};

/** Error texts of prometheus scrape/scrape.go and of Go's HTTP client (2.42 to 3.16). */
const known: readonly (readonly [RegExp, (match: RegExpExecArray) => Translated])[] = [
  [
    /label name "([^"]*)" is not unique/,
    ([, name]) => ({
      text: `one series carries label "${name}" twice, which Prometheus refuses with the whole scrape`,
      remedy: `rename the label that is exposed as "${name}"`,
    }),
  ],
  [
    /label_limit exceeded.*number of labels: (\d+), limit: (\d+)/,
    ([, labels, limit]) => ({
      text: `a series has ${labels} labels and the label limit is ${limit}`,
      remedy: `raise labelLimit (or enforcedLabelLimit) to at least ${labels}`,
      limit: { own: 'labelLimit', enforced: 'enforcedLabelLimit' },
    }),
  ],
  [
    /label_(name|value)_length_limit exceeded.*length: (\d+), limit: (\d+)/,
    ([, part, length, limit]) => ({
      text: `a label ${part} is ${length} characters long and the limit is ${limit}`,
      remedy: `raise label${part === 'name' ? 'Name' : 'Value'}LengthLimit to at least ${length}`,
      limit: lengthLimits[part === 'name' ? 'name' : 'value'],
    }),
  ],
  [
    /label_(?:\w+_)?limit exceeded/,
    () => ({ text: 'a series exceeds a label limit', remedy: 'raise labelLimit, labelNameLengthLimit or labelValueLengthLimit' }),
  ],
  [
    /sample limit exceeded/,
    () => ({
      text: 'the endpoint has more series than the sample limit',
      remedy: 'raise sampleLimit of its monitor (or enforcedSampleLimit of the Prometheus)',
      limit: { own: 'sampleLimit', enforced: 'enforcedSampleLimit' },
    }),
  ],
  [
    /target_limit exceeded/,
    () => ({
      text: 'the scrape pool has more targets than the target limit',
      remedy: 'raise targetLimit of its monitor (or enforcedTargetLimit of the Prometheus)',
      limit: { own: 'targetLimit', enforced: 'enforcedTargetLimit' },
    }),
  ],
  [
    /body size limit exceeded/,
    () => ({
      text: 'the answer is larger than the body size limit',
      remedy: 'raise bodySizeLimit of its monitor (or enforcedBodySizeLimit of the Prometheus)',
      limit: { own: 'bodySizeLimit', enforced: 'enforcedBodySizeLimit' },
    }),
  ],
  [
    /server returned HTTP status (401|403)/,
    ([, status]) => ({
      text: `the endpoint wants credentials (HTTP ${status})`,
      remedy: 'give the endpoint of its monitor the authorization that the metrics endpoint asks for',
    }),
  ],
  [
    /server returned HTTP status 404/,
    () => ({
      text: 'there is nothing at the path it asks for (HTTP 404)',
      remedy: 'set the path of its monitor endpoint to the one that serves metrics',
    }),
  ],
  [
    /server returned HTTP status (\d+)/,
    ([, status]) => ({ text: `the endpoint answers HTTP ${status}`, remedy: 'read the log of the container that serves the metrics' }),
  ],
  [
    /server gave HTTP response to HTTPS client/,
    () => ({
      text: 'it speaks TLS to a plain HTTP endpoint',
      remedy: 'set scheme: http in its monitor endpoint',
      field: { name: 'scheme', value: 'http' },
    }),
  ],
  [
    /x509|tls: |malformed HTTP response|certificate/,
    () => ({
      text: 'TLS between Prometheus and the endpoint does not work',
      remedy: 'make scheme and tlsConfig of its monitor endpoint fit what the port serves',
    }),
  ],
  [
    /connection refused/,
    () => ({ text: 'nothing listens on the port', remedy: 'see that the container runs and that the port is its metrics port' }),
  ],
  [
    /no route to host|network is unreachable/,
    () => ({
      text: 'Prometheus cannot reach the pod network',
      remedy: 'look at the routes and NetworkPolicies between Prometheus and the pods',
    }),
  ],
  [
    /context deadline exceeded|i\/o timeout/,
    () => ({
      text: 'the scrape takes longer than its timeout',
      remedy: 'raise scrapeTimeout, and look for a NetworkPolicy that drops the connection',
    }),
  ],
  [
    /unsupported Content-Type|no fallback_scrape_protocol/,
    () => ({ text: 'the endpoint does not answer with metrics', remedy: 'point its monitor at the port and path that serve metrics' }),
  ],
  [
    /connection reset|unexpected EOF|EOF$/,
    () => ({
      text: 'the endpoint ends the connection before its answer is complete',
      remedy: 'read the log of the container that serves the metrics',
    }),
  ],
  [
    /expected .* got|invalid metric type|strconv|invalid sample|parse/,
    () => ({ text: 'the answer is no valid exposition', remedy: 'read /metrics of the pod and mend the line that Prometheus names' }),
  ],
];

/** Says what a scrape error means; an unknown one is repeated. */
export function translated(error: string): Translated {
  for (const [pattern, say] of known) {
    const match = pattern.exec(error);
    if (match !== null) return say(match);
  }
  return { text: error === '' ? 'the scrape fails without a reason' : error, remedy: 'read the error on the targets page of Prometheus' };
}
