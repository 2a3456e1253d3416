/** Made by scripts/client-types.ts from the OpenAPI document of this version; not edited by hand. */

export type Problem = { type: string; title: string; status: number; code: string; detail?: string; hint?: string; pointer?: string; instance?: string; requestId?: string; };

/** What each operation takes and answers, by its method and path. */
export type Operations = {
  /** The linked root */
  "GET /": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { name: "weir"; version: string; status: "online" | "stopping"; message: string; uptimeSeconds: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** The keys that verify tokens (RFC 7517) */
  "GET /.well-known/jwks.json": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { keys: (Record<string, unknown>)[]; };
  };
  /** Keep any JSON with the time, in the collection `data` */
  "POST /api/data": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: unknown;
    answer: { status: string; message?: string; };
  };
  /** What was done by whom, the latest first */
  "GET /api/v1/audit": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; cursor?: string; actor?: string; action?: string; outcome?: "ok" | "refused" | "failed"; since?: string; };
    body: undefined;
    answer: { items: ({ time: string; actor: string; address: string; action: string; target?: string; outcome: "ok" | "refused" | "failed"; requestId?: string; note?: string; before: string; })[]; page: number; per_page: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Whether the chain of lines is whole */
  "GET /api/v1/audit/check": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { lines: number; breaks: ({ file: string; line: number; reason: "torn" | "changed-or-cut"; })[]; };
  };
  /** A page of batches */
  "GET /api/v1/batches": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; state?: "starting" | "running" | "success" | "dead" | "killed"; };
    body: undefined;
    answer: { items: ({ id: number; name?: string; kind: "python" | "pyspark" | "sql" | "spark-sql"; state: "starting" | "running" | "success" | "dead" | "killed"; file: string; args: (string)[]; reason?: string; exit_code?: number; owner: string; created: string; ended?: string; application?: string; conf: Record<string, string>; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Run a program once; it is on the way when this answers */
  "POST /api/v1/batches": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { file: string; kind?: "python" | "pyspark" | "sql" | "spark-sql"; args?: (string)[]; className?: string; name?: string; conf?: Record<string, string>; pyFiles?: (string)[]; jars?: (string)[]; files?: (string)[]; archives?: (string)[]; driverMemory?: string; driverCores?: number; executorMemory?: string; executorCores?: number; numExecutors?: number; queue?: string; };
    answer: { id: number; name?: string; kind: "python" | "pyspark" | "sql" | "spark-sql"; state: "starting" | "running" | "success" | "dead" | "killed"; file: string; args: (string)[]; reason?: string; exit_code?: number; owner: string; created: string; ended?: string; application?: string; conf: Record<string, string>; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** One batch */
  "GET /api/v1/batches/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: number; name?: string; kind: "python" | "pyspark" | "sql" | "spark-sql"; state: "starting" | "running" | "success" | "dead" | "killed"; file: string; args: (string)[]; reason?: string; exit_code?: number; owner: string; created: string; ended?: string; application?: string; conf: Record<string, string>; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** End a batch and forget it; its processes are gone when this answers */
  "DELETE /api/v1/batches/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** What a batch has printed, and what the server has to say of it */
  "GET /api/v1/batches/{id}/log": {
    path: { id: string; };
    query: { from?: number; size?: number; };
    body: undefined;
    answer: { from: number; total: number; lines: (string)[]; };
  };
  /** End a batch and keep its entry */
  "POST /api/v1/batches/{id}/stop": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: number; name?: string; kind: "python" | "pyspark" | "sql" | "spark-sql"; state: "starting" | "running" | "success" | "dead" | "killed"; file: string; args: (string)[]; reason?: string; exit_code?: number; owner: string; created: string; ended?: string; application?: string; conf: Record<string, string>; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** A page of captures, the latest first */
  "GET /api/v1/captures": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; cursor?: string; };
    body: undefined;
    answer: { items: ({ id: number; state: "running" | "done" | "failed" | "interrupted"; reason?: string; name?: string; interface: string; filter: string; user: string; started: string; ended?: string; packets: number; octets: number; received: number | null; dropped: number | null; bytes: number; flows: number; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Start a capture: answered when it runs */
  "POST /api/v1/captures": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { interface: string; filter?: string; snap?: number; promiscuous?: boolean; immediate?: boolean; packets?: number; seconds?: number; size?: number; file?: boolean; flows?: boolean; idle_seconds?: number; name?: string; };
    answer: { id: number; state: "running" | "done" | "failed" | "interrupted"; reason?: string; name?: string; interface: string; filter: string; user: string; started: string; ended?: string; packets: number; octets: number; received: number | null; dropped: number | null; bytes: number; flows: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** One capture */
  "GET /api/v1/captures/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: number; state: "running" | "done" | "failed" | "interrupted"; reason?: string; name?: string; interface: string; filter: string; user: string; started: string; ended?: string; packets: number; octets: number; received: number | null; dropped: number | null; bytes: number; flows: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Forget a capture that is over, with its file */
  "DELETE /api/v1/captures/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** The packets as a pcap file; of a capture that runs those so far */
  "GET /api/v1/captures/{id}/file": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** Packets as they come: lines of JSON, or server-sent events where `Accept` asks for them */
  "GET /api/v1/captures/{id}/packets": {
    path: { id: string; };
    query: { where?: string; };
    body: undefined;
    answer: unknown;
  };
  /** End a capture: its file is whole in the answer */
  "POST /api/v1/captures/{id}/stop": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: number; state: "running" | "done" | "failed" | "interrupted"; reason?: string; name?: string; interface: string; filter: string; user: string; started: string; ended?: string; packets: number; octets: number; received: number | null; dropped: number | null; bytes: number; flows: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Who sends flow exports, in order of their names, and the addresses listened on */
  "GET /api/v1/exporters": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; cursor?: string; };
    body: undefined;
    answer: { items: ({ name: string; protocols: (string)[]; first_seen: string | null; last_seen: string | null; bytes: number; datagrams: number; flows: number; flows_per_s: number; options: number; events: number; lost: number; gaps: number; reordered: number; restarts: number; late: number; expired: number; waiting: number; faults: Record<string, number>; templates: number; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; page: number; per_page: number; total: number; listeners: ({ transport: string; host: string; port: number; sockets: number; buffer_wanted: number | null; buffer: number | null; datagrams: number; refused: number; kernel_drops: number | null; })[]; stored: number; unwritten: number; waits: number; waited_ms: number; template_problem: string | null; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** One exporter with its domains and templates */
  "GET /api/v1/exporters/{name}": {
    path: { name: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { name: string; protocols: (string)[]; first_seen: string | null; last_seen: string | null; bytes: number; datagrams: number; flows: number; flows_per_s: number; options: number; events: number; lost: number; gaps: number; reordered: number; restarts: number; late: number; expired: number; waiting: number; faults: Record<string, number>; domains: ({ protocol: string; domain: number; datagrams: number; flows: number; flows_per_s: number; options: number; events: number; lost: number; gaps: number; reordered: number; restarts: number; late: number; expired: number; waiting: number; sampling: number | null; samplers: ({ id: number; rate: number; })[]; templates: ({ id: number; kind: string; fields: (string)[]; stale: boolean; seen_at: string | null; })[]; })[]; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** A page of flows, in order of time */
  "GET /api/v1/flows": {
    path: Record<never, never>;
    query: { filter?: string; scanned_after?: string; scanned_before?: string; ingested_after?: string; page?: number; per_page?: number; cursor?: string; fields?: string; order?: "time" | "-time"; };
    body: undefined;
    answer: { items: ({ id?: number; time?: number; duration?: number; src_comp?: string; src_port?: string; dst_comp?: string; dst_port?: string; protocol?: number; packet_count?: number; byte_count?: number; start_time?: string | null; end_time?: string | null; rev_packet_count?: number | null; rev_byte_count?: number | null; source_id?: number; ingested_at?: string; ip_version?: number | null; src_addr_hi?: number | null; src_addr_lo?: number | null; dst_addr_hi?: number | null; dst_addr_lo?: number | null; src_port_num?: number | null; dst_port_num?: number | null; rev_start_time?: string | null; tcp_flags?: number | null; rev_tcp_flags?: number | null; icmp_type?: number | null; icmp_code?: number | null; tos?: number | null; ttl_min?: number | null; ttl_max?: number | null; vlan_id?: number | null; vlan_inner_id?: number | null; mpls_label?: number | null; flow_label?: number | null; src_mac?: number | null; dst_mac?: number | null; in_if?: number | null; out_if?: number | null; src_as?: number | null; dst_as?: number | null; next_hop?: string | null; exporter?: string | null; sampling_rate?: number | null; end_reason?: number | null; direction?: number | null; tunnel_type?: number | null; tunnel_depth?: number | null; session_id?: number | null; parent_session_id?: number | null; flow_part?: number | null; fragments?: number | null; retransmits?: number | null; rtt_us?: number | null; flags?: number | null; })[]; page: number; per_page: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Check that the store is whole; reads every file */
  "GET /api/v1/flows/check": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { ok: boolean; findings: ({ level: string; code: string; text: string; fix: string; })[]; counts: Record<string, number>; };
  };
  /** Who talks with whom, both directions joined */
  "GET /api/v1/flows/pairs": {
    path: Record<never, never>;
    query: { filter?: string; scanned_after?: string; scanned_before?: string; ingested_after?: string; metric?: "bytes" | "packets" | "flows"; limit?: number; };
    body: undefined;
    answer: { items: ({ a: string; b: string; flows_ab: number; flows_ba: number; packets_ab: number; packets_ba: number; bytes_ab: number; bytes_ba: number; first: number; last: number; paired: boolean; })[]; };
  };
  /** Seal what is hot and merge small files, now */
  "POST /api/v1/flows/seal": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { files: number; rows: number; };
  };
  /** Sums for each bucket of time */
  "GET /api/v1/flows/series": {
    path: Record<never, never>;
    query: { filter?: string; scanned_after?: string; scanned_before?: string; ingested_after?: string; bucket?: string; by?: "src_comp" | "dst_comp" | "host" | "src_port" | "dst_port" | "port" | "service" | "protocol" | "pair" | "src_net" | "dst_net" | "net" | "vlan_id" | "tos" | "tcp_flags" | "icmp" | "end_reason" | "source" | "exporter" | "in_if" | "out_if" | "src_as" | "dst_as"; metric?: "bytes" | "packets" | "flows"; page?: number; per_page?: number; };
    body: undefined;
    answer: { bucket_s: number; items: ({ time: number; key: string | number | null; flows: number; packets: number; bytes: number; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Sums over both directions */
  "GET /api/v1/flows/summary": {
    path: Record<never, never>;
    query: { filter?: string; scanned_after?: string; scanned_before?: string; ingested_after?: string; };
    body: undefined;
    answer: { flows: number; packets: number; bytes: number; first: number | null; last: number | null; first_time: string | null; last_time: string | null; sources: number; days: number; left_out: number; links?: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Which hosts, ports, pairs ... have most */
  "GET /api/v1/flows/top": {
    path: Record<never, never>;
    query: { filter?: string; scanned_after?: string; scanned_before?: string; ingested_after?: string; by: "src_comp" | "dst_comp" | "host" | "src_port" | "dst_port" | "port" | "service" | "protocol" | "pair" | "src_net" | "dst_net" | "net" | "vlan_id" | "tos" | "tcp_flags" | "icmp" | "end_reason" | "source" | "exporter" | "in_if" | "out_if" | "src_as" | "dst_as"; metric?: "bytes" | "packets" | "flows"; limit?: number; };
    body: undefined;
    answer: { by: string; metric: string; items: ({ key: string | number | null; flows: number; packets: number; bytes: number; share: number; })[]; total: { flows: number; packets: number; bytes: number; }; };
  };
  /** One flow */
  "GET /api/v1/flows/{id}": {
    path: { id: number; };
    query: { fields?: string; };
    body: undefined;
    answer: { id?: number; time?: number; duration?: number; src_comp?: string; src_port?: string; dst_comp?: string; dst_port?: string; protocol?: number; packet_count?: number; byte_count?: number; start_time?: string | null; end_time?: string | null; rev_packet_count?: number | null; rev_byte_count?: number | null; source_id?: number; ingested_at?: string; ip_version?: number | null; src_addr_hi?: number | null; src_addr_lo?: number | null; dst_addr_hi?: number | null; dst_addr_lo?: number | null; src_port_num?: number | null; dst_port_num?: number | null; rev_start_time?: string | null; tcp_flags?: number | null; rev_tcp_flags?: number | null; icmp_type?: number | null; icmp_code?: number | null; tos?: number | null; ttl_min?: number | null; ttl_max?: number | null; vlan_id?: number | null; vlan_inner_id?: number | null; mpls_label?: number | null; flow_label?: number | null; src_mac?: number | null; dst_mac?: number | null; in_if?: number | null; out_if?: number | null; src_as?: number | null; dst_as?: number | null; next_hop?: string | null; exporter?: string | null; sampling_rate?: number | null; end_reason?: number | null; direction?: number | null; tunnel_type?: number | null; tunnel_depth?: number | null; session_id?: number | null; parent_session_id?: number | null; flow_part?: number | null; fragments?: number | null; retransmits?: number | null; rtt_us?: number | null; flags?: number | null; };
  };
  /** Imports, the latest last unless ordered otherwise */
  "GET /api/v1/imports": {
    path: Record<never, never>;
    query: { order?: "id" | "-id"; page?: number; per_page?: number; };
    body: undefined;
    answer: { items: ({ id: number; name: string; state: "waiting" | "receiving" | "metering" | "committing" | "done" | "failed"; format: string | null; bytes_read: number; bytes_total: number | null; packets: number; packets_metered: number; flows: number; rows_bad: number; skipped: Record<string, number>; rate_bytes_s: number; eta_s: number | null; started_at: string; ended_at: string | null; problem: Record<string, unknown> | null; digest: string | null; warnings: (string)[]; bad_rows: ({ line: number; reason: string; })[]; capture: Record<string, unknown> | null; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Import the file that is the body */
  "POST /api/v1/imports": {
    path: Record<never, never>;
    query: { name?: string; format?: string; again?: boolean; skip_bad?: string; keep_good?: boolean; uniflow?: boolean; tunnels?: "outer" | "inner" | "both"; active?: number; idle?: number; idle_udp?: number; idle_icmp?: number; tcp_close?: number; key_vlan?: boolean; key_interface?: boolean; macs?: boolean; epoch?: string; };
    body: undefined;
    answer: { id: number; name: string; state: "waiting" | "receiving" | "metering" | "committing" | "done" | "failed"; format: string | null; bytes_read: number; bytes_total: number | null; packets: number; packets_metered: number; flows: number; rows_bad: number; skipped: Record<string, number>; rate_bytes_s: number; eta_s: number | null; started_at: string; ended_at: string | null; problem: Record<string, unknown> | null; digest: string | null; warnings: (string)[]; bad_rows: ({ line: number; reason: string; })[]; capture: Record<string, unknown> | null; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** One import */
  "GET /api/v1/imports/{id}": {
    path: { id: number; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: number; name: string; state: "waiting" | "receiving" | "metering" | "committing" | "done" | "failed"; format: string | null; bytes_read: number; bytes_total: number | null; packets: number; packets_metered: number; flows: number; rows_bad: number; skipped: Record<string, number>; rate_bytes_s: number; eta_s: number | null; started_at: string; ended_at: string | null; problem: Record<string, unknown> | null; digest: string | null; warnings: (string)[]; bad_rows: ({ line: number; reason: string; })[]; capture: Record<string, unknown> | null; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Give up an import that is running; nothing of it is kept */
  "DELETE /api/v1/imports/{id}": {
    path: { id: number; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** Progress of an import, as server-sent events */
  "GET /api/v1/imports/{id}/events": {
    path: { id: number; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** The interfaces of this machine */
  "GET /api/v1/interfaces": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; cursor?: string; };
    body: undefined;
    answer: { items: ({ name: string; index: number; kind: string; state: string; mtu: number | null; mac: string | null; addresses: (string)[]; ports: (string)[]; bridge: string | null; docker: string | null; speed: number | null; received_bytes: number | null; received_packets: number | null; sent_bytes: number | null; sent_packets: number | null; link_type: number; capturable: boolean; reason: string | null; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** A page of jobs */
  "GET /api/v1/jobs": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; state?: string; user?: string; mine?: boolean; group?: string; name?: string; set?: string; parent?: string; sort?: "id" | "-id"; after?: string; };
    body: undefined;
    answer: { items: ({ id: string; state: "Idle" | "Queued" | "Transfer" | "Running" | "Suspended" | "Done" | "Failed" | "Sleeping" | "Withdrawn"; reason: string; cause?: "done" | "exit" | "signal" | "stopped" | "timeout" | "memory" | "lost" | "nohost" | "dependency" | "start"; user: string; group: string; name?: string; command: (string)[]; command_line: string; directory: string; logfile: string; resources: string; priority: number; host?: string; runs: number; exit_code?: number; signal?: number; cpu_ms?: number; max_ram_mb?: number; duration: number; duration_text: string; submitted: string; started?: string; ended?: string; not_before?: string; time_limit?: number; expected?: number; dependencies?: (string)[]; inputs?: (string)[]; outputs?: (string)[]; array?: { count: number; at_once?: number; }; parent?: string; index?: number; retry?: Record<string, unknown>; properties?: Record<string, string>; set?: string; mailuser?: string; interactive?: boolean; jobclass?: string; environment: string; past?: (Record<string, unknown>)[]; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Submit a job, or an array of them; it is on disk when this answers */
  "POST /api/v1/jobs": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { command: (string)[] | string; shell?: boolean; directory?: string; check_directory?: boolean; logfile?: string; name?: string; group?: string; group_with_user?: boolean; priority?: number | string; resources?: string; environment?: Record<string, string>; snapshot?: boolean; time_limit?: number | string; expected?: number | string; dependencies?: (string)[]; inputs?: (string)[]; outputs?: (string)[]; array?: string; retry?: Record<string, unknown>; legal_exit?: (number)[]; hold?: boolean; autoforget?: boolean; preemptable?: boolean; properties?: Record<string, string>; set?: string; jobclass?: string; wrapper?: string; submit_host?: string; mailuser?: string; interactive?: true | { rows: number; columns: number; }; };
    answer: { id: string; state: "Idle" | "Queued" | "Transfer" | "Running" | "Suspended" | "Done" | "Failed" | "Sleeping" | "Withdrawn"; reason: string; cause?: "done" | "exit" | "signal" | "stopped" | "timeout" | "memory" | "lost" | "nohost" | "dependency" | "start"; user: string; group: string; name?: string; command: (string)[]; command_line: string; directory: string; logfile: string; resources: string; priority: number; host?: string; runs: number; exit_code?: number; signal?: number; cpu_ms?: number; max_ram_mb?: number; duration: number; duration_text: string; submitted: string; started?: string; ended?: string; not_before?: string; time_limit?: number; expected?: number; dependencies?: (string)[]; inputs?: (string)[]; outputs?: (string)[]; array?: { count: number; at_once?: number; }; parent?: string; index?: number; retry?: Record<string, unknown>; properties?: Record<string, string>; set?: string; mailuser?: string; interactive?: boolean; jobclass?: string; environment: string; past?: (Record<string, unknown>)[]; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** The job classes */
  "GET /api/v1/jobs/classes": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; };
    body: undefined;
    answer: { items: ({ name: string; description?: string; members: Record<string, unknown>; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** One job class */
  "GET /api/v1/jobs/classes/{name}": {
    path: { name: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { name: string; description?: string; members: Record<string, unknown>; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Make or replace a job class */
  "PUT /api/v1/jobs/classes/{name}": {
    path: { name: string; };
    query: Record<never, never>;
    body: { description?: string; members: Record<string, unknown>; };
    answer: { name: string; description?: string; members: Record<string, unknown>; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Remove a job class; jobs of it stay as they are */
  "DELETE /api/v1/jobs/classes/{name}": {
    path: { name: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** Changes of jobs, as server-sent events: first how those that are named stand now; goes on behind Last-Event-ID */
  "GET /api/v1/jobs/events": {
    path: Record<never, never>;
    query: { id?: string; user?: string; mine?: boolean; set?: string; };
    body: undefined;
    answer: unknown;
  };
  /** What there is to share, what is free, and how many wait */
  "GET /api/v1/jobs/queue": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { enabled: boolean; backend: string; jobs: number; states: Record<string, number>; ready: number; running: number; hosts: ({ host: string; amounts: Record<string, number>; free: Record<string, number>; tags: (string)[]; })[]; limits: Record<string, string>; shares: ({ group: string; use: number; weight: number; })[]; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** The sets of jobs, with how many of each are in which state */
  "GET /api/v1/jobs/sets": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; cursor?: string; };
    body: undefined;
    answer: { items: ({ name: string; jobs: number; states: Record<string, number>; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** One set of jobs */
  "GET /api/v1/jobs/sets/{name}": {
    path: { name: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { name: string; jobs: number; states: Record<string, number>; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Forget every job of a set that is over */
  "DELETE /api/v1/jobs/sets/{name}": {
    path: { name: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { name: string; done: (string)[]; refused: ({ id: string; reason: string; })[]; };
  };
  /** Do something to every job of a set that it can be done to */
  "POST /api/v1/jobs/sets/{name}/{action}": {
    path: { name: string; action: "stop" | "kill" | "hold" | "release" | "suspend" | "resume" | "rerun"; };
    query: Record<never, never>;
    body: undefined;
    answer: { name: string; done: (string)[]; refused: ({ id: string; reason: string; })[]; };
  };
  /** One job */
  "GET /api/v1/jobs/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: string; state: "Idle" | "Queued" | "Transfer" | "Running" | "Suspended" | "Done" | "Failed" | "Sleeping" | "Withdrawn"; reason: string; cause?: "done" | "exit" | "signal" | "stopped" | "timeout" | "memory" | "lost" | "nohost" | "dependency" | "start"; user: string; group: string; name?: string; command: (string)[]; command_line: string; directory: string; logfile: string; resources: string; priority: number; host?: string; runs: number; exit_code?: number; signal?: number; cpu_ms?: number; max_ram_mb?: number; duration: number; duration_text: string; submitted: string; started?: string; ended?: string; not_before?: string; time_limit?: number; expected?: number; dependencies?: (string)[]; inputs?: (string)[]; outputs?: (string)[]; array?: { count: number; at_once?: number; }; parent?: string; index?: number; retry?: Record<string, unknown>; properties?: Record<string, string>; set?: string; mailuser?: string; interactive?: boolean; jobclass?: string; environment: string; past?: (Record<string, unknown>)[]; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Change priority, name or properties */
  "PATCH /api/v1/jobs/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: { priority?: unknown; name?: unknown; properties?: unknown; };
    answer: { id: string; state: "Idle" | "Queued" | "Transfer" | "Running" | "Suspended" | "Done" | "Failed" | "Sleeping" | "Withdrawn"; reason: string; cause?: "done" | "exit" | "signal" | "stopped" | "timeout" | "memory" | "lost" | "nohost" | "dependency" | "start"; user: string; group: string; name?: string; command: (string)[]; command_line: string; directory: string; logfile: string; resources: string; priority: number; host?: string; runs: number; exit_code?: number; signal?: number; cpu_ms?: number; max_ram_mb?: number; duration: number; duration_text: string; submitted: string; started?: string; ended?: string; not_before?: string; time_limit?: number; expected?: number; dependencies?: (string)[]; inputs?: (string)[]; outputs?: (string)[]; array?: { count: number; at_once?: number; }; parent?: string; index?: number; retry?: Record<string, unknown>; properties?: Record<string, string>; set?: string; mailuser?: string; interactive?: boolean; jobclass?: string; environment: string; past?: (Record<string, unknown>)[]; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Forget a job that is over; `logs=true` removes its log as well */
  "DELETE /api/v1/jobs/{id}": {
    path: { id: string; };
    query: { logs?: boolean; };
    body: undefined;
    answer: unknown;
  };
  /** The variables of a job, for its owner */
  "GET /api/v1/jobs/{id}/environment": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, string>;
  };
  /** Take a job out of the queue */
  "POST /api/v1/jobs/{id}/hold": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: string; state: "Idle" | "Queued" | "Transfer" | "Running" | "Suspended" | "Done" | "Failed" | "Sleeping" | "Withdrawn"; reason: string; cause?: "done" | "exit" | "signal" | "stopped" | "timeout" | "memory" | "lost" | "nohost" | "dependency" | "start"; user: string; group: string; name?: string; command: (string)[]; command_line: string; directory: string; logfile: string; resources: string; priority: number; host?: string; runs: number; exit_code?: number; signal?: number; cpu_ms?: number; max_ram_mb?: number; duration: number; duration_text: string; submitted: string; started?: string; ended?: string; not_before?: string; time_limit?: number; expected?: number; dependencies?: (string)[]; inputs?: (string)[]; outputs?: (string)[]; array?: { count: number; at_once?: number; }; parent?: string; index?: number; retry?: Record<string, unknown>; properties?: Record<string, string>; set?: string; mailuser?: string; interactive?: boolean; jobclass?: string; environment: string; past?: (Record<string, unknown>)[]; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** End a job at once */
  "POST /api/v1/jobs/{id}/kill": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: string; state: "Idle" | "Queued" | "Transfer" | "Running" | "Suspended" | "Done" | "Failed" | "Sleeping" | "Withdrawn"; reason: string; cause?: "done" | "exit" | "signal" | "stopped" | "timeout" | "memory" | "lost" | "nohost" | "dependency" | "start"; user: string; group: string; name?: string; command: (string)[]; command_line: string; directory: string; logfile: string; resources: string; priority: number; host?: string; runs: number; exit_code?: number; signal?: number; cpu_ms?: number; max_ram_mb?: number; duration: number; duration_text: string; submitted: string; started?: string; ended?: string; not_before?: string; time_limit?: number; expected?: number; dependencies?: (string)[]; inputs?: (string)[]; outputs?: (string)[]; array?: { count: number; at_once?: number; }; parent?: string; index?: number; retry?: Record<string, unknown>; properties?: Record<string, string>; set?: string; mailuser?: string; interactive?: boolean; jobclass?: string; environment: string; past?: (Record<string, unknown>)[]; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** What a job has printed; `Range: bytes=…` or `tail` for a part */
  "GET /api/v1/jobs/{id}/log": {
    path: { id: string; };
    query: { tail?: number; };
    body: undefined;
    answer: unknown;
  };
  /** What a job prints, as server-sent events: `log` with `text`, then `end` with its state. Event ids are offsets */
  "GET /api/v1/jobs/{id}/log/live": {
    path: { id: string; };
    query: { offset?: number; };
    body: undefined;
    answer: unknown;
  };
  /** Put a job into the queue */
  "POST /api/v1/jobs/{id}/release": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: string; state: "Idle" | "Queued" | "Transfer" | "Running" | "Suspended" | "Done" | "Failed" | "Sleeping" | "Withdrawn"; reason: string; cause?: "done" | "exit" | "signal" | "stopped" | "timeout" | "memory" | "lost" | "nohost" | "dependency" | "start"; user: string; group: string; name?: string; command: (string)[]; command_line: string; directory: string; logfile: string; resources: string; priority: number; host?: string; runs: number; exit_code?: number; signal?: number; cpu_ms?: number; max_ram_mb?: number; duration: number; duration_text: string; submitted: string; started?: string; ended?: string; not_before?: string; time_limit?: number; expected?: number; dependencies?: (string)[]; inputs?: (string)[]; outputs?: (string)[]; array?: { count: number; at_once?: number; }; parent?: string; index?: number; retry?: Record<string, unknown>; properties?: Record<string, string>; set?: string; mailuser?: string; interactive?: boolean; jobclass?: string; environment: string; past?: (Record<string, unknown>)[]; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Run a job that is over again, under its id */
  "POST /api/v1/jobs/{id}/rerun": {
    path: { id: string; };
    query: { priority?: number; };
    body: undefined;
    answer: { id: string; state: "Idle" | "Queued" | "Transfer" | "Running" | "Suspended" | "Done" | "Failed" | "Sleeping" | "Withdrawn"; reason: string; cause?: "done" | "exit" | "signal" | "stopped" | "timeout" | "memory" | "lost" | "nohost" | "dependency" | "start"; user: string; group: string; name?: string; command: (string)[]; command_line: string; directory: string; logfile: string; resources: string; priority: number; host?: string; runs: number; exit_code?: number; signal?: number; cpu_ms?: number; max_ram_mb?: number; duration: number; duration_text: string; submitted: string; started?: string; ended?: string; not_before?: string; time_limit?: number; expected?: number; dependencies?: (string)[]; inputs?: (string)[]; outputs?: (string)[]; array?: { count: number; at_once?: number; }; parent?: string; index?: number; retry?: Record<string, unknown>; properties?: Record<string, string>; set?: string; mailuser?: string; interactive?: boolean; jobclass?: string; environment: string; past?: (Record<string, unknown>)[]; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Let the processes of a job go on */
  "POST /api/v1/jobs/{id}/resume": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: string; state: "Idle" | "Queued" | "Transfer" | "Running" | "Suspended" | "Done" | "Failed" | "Sleeping" | "Withdrawn"; reason: string; cause?: "done" | "exit" | "signal" | "stopped" | "timeout" | "memory" | "lost" | "nohost" | "dependency" | "start"; user: string; group: string; name?: string; command: (string)[]; command_line: string; directory: string; logfile: string; resources: string; priority: number; host?: string; runs: number; exit_code?: number; signal?: number; cpu_ms?: number; max_ram_mb?: number; duration: number; duration_text: string; submitted: string; started?: string; ended?: string; not_before?: string; time_limit?: number; expected?: number; dependencies?: (string)[]; inputs?: (string)[]; outputs?: (string)[]; array?: { count: number; at_once?: number; }; parent?: string; index?: number; retry?: Record<string, unknown>; properties?: Record<string, string>; set?: string; mailuser?: string; interactive?: boolean; jobclass?: string; environment: string; past?: (Record<string, unknown>)[]; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** End a job: TERM, after a while KILL */
  "POST /api/v1/jobs/{id}/stop": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: string; state: "Idle" | "Queued" | "Transfer" | "Running" | "Suspended" | "Done" | "Failed" | "Sleeping" | "Withdrawn"; reason: string; cause?: "done" | "exit" | "signal" | "stopped" | "timeout" | "memory" | "lost" | "nohost" | "dependency" | "start"; user: string; group: string; name?: string; command: (string)[]; command_line: string; directory: string; logfile: string; resources: string; priority: number; host?: string; runs: number; exit_code?: number; signal?: number; cpu_ms?: number; max_ram_mb?: number; duration: number; duration_text: string; submitted: string; started?: string; ended?: string; not_before?: string; time_limit?: number; expected?: number; dependencies?: (string)[]; inputs?: (string)[]; outputs?: (string)[]; array?: { count: number; at_once?: number; }; parent?: string; index?: number; retry?: Record<string, unknown>; properties?: Record<string, string>; set?: string; mailuser?: string; interactive?: boolean; jobclass?: string; environment: string; past?: (Record<string, unknown>)[]; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Stop the processes of a job */
  "POST /api/v1/jobs/{id}/suspend": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: string; state: "Idle" | "Queued" | "Transfer" | "Running" | "Suspended" | "Done" | "Failed" | "Sleeping" | "Withdrawn"; reason: string; cause?: "done" | "exit" | "signal" | "stopped" | "timeout" | "memory" | "lost" | "nohost" | "dependency" | "start"; user: string; group: string; name?: string; command: (string)[]; command_line: string; directory: string; logfile: string; resources: string; priority: number; host?: string; runs: number; exit_code?: number; signal?: number; cpu_ms?: number; max_ram_mb?: number; duration: number; duration_text: string; submitted: string; started?: string; ended?: string; not_before?: string; time_limit?: number; expected?: number; dependencies?: (string)[]; inputs?: (string)[]; outputs?: (string)[]; array?: { count: number; at_once?: number; }; parent?: string; index?: number; retry?: Record<string, unknown>; properties?: Record<string, string>; set?: string; mailuser?: string; interactive?: boolean; jobclass?: string; environment: string; past?: (Record<string, unknown>)[]; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** What the terminal of an interactive job shows, from the last 64 KiB on, as it comes; for its owner */
  "GET /api/v1/jobs/{id}/terminal": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** Type at the terminal of an interactive job; for its owner */
  "POST /api/v1/jobs/{id}/terminal": {
    path: { id: string; };
    query: Record<never, never>;
    body: unknown;
    answer: unknown;
  };
  /** Say how large the window of a terminal is now */
  "PUT /api/v1/jobs/{id}/terminal/size": {
    path: { id: string; };
    query: Record<never, never>;
    body: { rows: number; columns: number; };
    answer: unknown;
  };
  /** All collections, by name */
  "GET /api/v1/records": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; cursor?: string; };
    body: undefined;
    answer: { items: ({ name: string; count: number; has_schema: boolean; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** A page of records */
  "GET /api/v1/records/{collection}": {
    path: { collection: string; };
    query: { page?: number; per_page?: number; cursor?: string; sort?: string; q?: string; };
    body: undefined;
    answer: { items: (Record<string, unknown>)[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Add a record under the next id */
  "POST /api/v1/records/{collection}": {
    path: { collection: string; };
    query: Record<never, never>;
    body: Record<string, unknown>;
    answer: Record<string, unknown>;
  };
  /** Remove a collection with all that is in it; needs `confirm=all` */
  "DELETE /api/v1/records/{collection}": {
    path: { collection: string; };
    query: { confirm?: string; };
    body: undefined;
    answer: unknown;
  };
  /** What happens to records, as server-sent events; goes on behind Last-Event-ID */
  "GET /api/v1/records/{collection}/events": {
    path: { collection: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** All records, one a line (NDJSON), by id */
  "GET /api/v1/records/{collection}/export": {
    path: { collection: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** Add several records, all or none: NDJSON or a JSON list; ids that they name are kept */
  "POST /api/v1/records/{collection}/import": {
    path: { collection: string; };
    query: { replace?: boolean; };
    body: (unknown)[];
    answer: { imported: number; first_id?: number; last_id?: number; };
  };
  /** The schema of a collection */
  "GET /api/v1/records/{collection}/schema": {
    path: { collection: string; };
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** Give a collection a schema that its records have to fit */
  "PUT /api/v1/records/{collection}/schema": {
    path: { collection: string; };
    query: Record<never, never>;
    body: Record<string, unknown>;
    answer: Record<string, unknown>;
  };
  /** Take the schema of a collection away */
  "DELETE /api/v1/records/{collection}/schema": {
    path: { collection: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** One record */
  "GET /api/v1/records/{collection}/{id}": {
    path: { collection: string; id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** Replace a record */
  "PUT /api/v1/records/{collection}/{id}": {
    path: { collection: string; id: string; };
    query: Record<never, never>;
    body: Record<string, unknown>;
    answer: Record<string, unknown>;
  };
  /** Change what the patch names (RFC 7396; RFC 6902 as application/json-patch+json) */
  "PATCH /api/v1/records/{collection}/{id}": {
    path: { collection: string; id: string; };
    query: Record<never, never>;
    body: Record<string, unknown> | (unknown)[];
    answer: Record<string, unknown>;
  };
  /** Remove a record; again is as good */
  "DELETE /api/v1/records/{collection}/{id}": {
    path: { collection: string; id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** A page of scans, the latest first */
  "GET /api/v1/scans": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; cursor?: string; state?: "waiting" | "running" | "done" | "partial" | "interrupted" | "failed"; mine?: boolean; };
    body: undefined;
    answer: { items: ({ id: number; state: "waiting" | "running" | "done" | "partial" | "interrupted" | "failed"; reason?: string; name?: string; targets: (string)[]; port_list?: string; method: "connect" | "syn" | "fin" | "discover"; engine?: { name: string; version: string; arguments: (string)[]; }; user: string; made: string; started?: string; ended?: string; seconds?: number; seconds_left?: number; addresses: number; ports: number; seed: number; progress: { done: number; total: number; open: number; }; hosts: Record<string, number>; states: Record<string, number>; schedule?: string; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Scan ports: answered when it is on record; it runs when its turn comes */
  "POST /api/v1/scans": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { targets: (string)[]; ports?: string; exclude_ports?: string; method?: "connect" | "syn" | "fin" | "discover"; rate?: number; concurrency?: number; retries?: number; assume_up?: boolean; authorised?: boolean; name?: string; };
    answer: { id: number; state: "waiting" | "running" | "done" | "partial" | "interrupted" | "failed"; reason?: string; name?: string; targets: (string)[]; port_list?: string; method: "connect" | "syn" | "fin" | "discover"; engine?: { name: string; version: string; arguments: (string)[]; }; user: string; made: string; started?: string; ended?: string; seconds?: number; seconds_left?: number; addresses: number; ports: number; seed: number; progress: { done: number; total: number; open: number; }; hosts: Record<string, number>; states: Record<string, number>; schedule?: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Scans that come again */
  "GET /api/v1/scans/schedules": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; };
    body: undefined;
    answer: { items: ({ id: string; every_seconds: number; targets: (string)[]; port_list?: string; method?: string; ticket: boolean; user: string; made: string; next: string; last?: number; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Repeat a scan; the first runs at once */
  "POST /api/v1/scans/schedules": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { targets: (string)[]; ports?: string; exclude_ports?: string; method?: "connect" | "syn" | "fin" | "discover"; rate?: number; concurrency?: number; retries?: number; assume_up?: boolean; authorised?: boolean; name?: string; every: string; ticket?: boolean; };
    answer: { id: string; every_seconds: number; targets: (string)[]; port_list?: string; method?: string; ticket: boolean; user: string; made: string; next: string; last?: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** One schedule */
  "GET /api/v1/scans/schedules/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: string; every_seconds: number; targets: (string)[]; port_list?: string; method?: string; ticket: boolean; user: string; made: string; next: string; last?: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Repeat a scan no more; its scans stay */
  "DELETE /api/v1/scans/schedules/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** One scan */
  "GET /api/v1/scans/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: number; state: "waiting" | "running" | "done" | "partial" | "interrupted" | "failed"; reason?: string; name?: string; targets: (string)[]; port_list?: string; method: "connect" | "syn" | "fin" | "discover"; engine?: { name: string; version: string; arguments: (string)[]; }; user: string; made: string; started?: string; ended?: string; seconds?: number; seconds_left?: number; addresses: number; ports: number; seed: number; progress: { done: number; total: number; open: number; }; hosts: Record<string, number>; states: Record<string, number>; schedule?: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Forget a scan that is over, with its results */
  "DELETE /api/v1/scans/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** End a scan before its time, with what it has */
  "POST /api/v1/scans/{id}/cancel": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: number; state: "waiting" | "running" | "done" | "partial" | "interrupted" | "failed"; reason?: string; name?: string; targets: (string)[]; port_list?: string; method: "connect" | "syn" | "fin" | "discover"; engine?: { name: string; version: string; arguments: (string)[]; }; user: string; made: string; started?: string; ended?: string; seconds?: number; seconds_left?: number; addresses: number; ports: number; seed: number; progress: { done: number; total: number; open: number; }; hosts: Record<string, number>; states: Record<string, number>; schedule?: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** What is different from an earlier scan */
  "GET /api/v1/scans/{id}/changes": {
    path: { id: string; };
    query: { page?: number; per_page?: number; since: string; };
    body: undefined;
    answer: { items: ({ change: "opened" | "closed" | "changed"; address: string; port: number; service: string; before: string; after: string; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** How far a scan is, as server-sent events: `progress` while it moves, `end` at its end, which ends the stream */
  "GET /api/v1/scans/{id}/events": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** Hosts of a scan: how each was judged, and its ports in groups */
  "GET /api/v1/scans/{id}/hosts": {
    path: { id: string; };
    query: { page?: number; per_page?: number; };
    body: undefined;
    answer: { items: ({ address: string; name?: string; status: "up" | "down" | "no-answer" | "error"; reason: string; rtt_ms?: number; mac?: string; vendor?: string; missing?: number; remark?: string; groups: ({ state: string; reason: string; count: number; ports: string; })[]; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Ports that a scan has found, by host; open ones where nothing else is asked for */
  "GET /api/v1/scans/{id}/results": {
    path: { id: string; };
    query: { page?: number; per_page?: number; state?: string; address?: string; };
    body: undefined;
    answer: { items: ({ address: string; name?: string; port: number; state: string; reason: string; service: string; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** A page of sessions */
  "GET /api/v1/sessions": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; kind?: "python" | "pyspark" | "sql" | "spark-sql"; state?: "not_started" | "starting" | "idle" | "busy" | "recovering" | "shutting_down" | "error" | "dead" | "killed" | "success"; };
    body: undefined;
    answer: { items: ({ id: number; name?: string; kind: "python" | "pyspark" | "sql" | "spark-sql"; state: "not_started" | "starting" | "idle" | "busy" | "recovering" | "shutting_down" | "error" | "dead" | "killed" | "success"; reason?: string; owner: string; created: string; ready?: string; ended?: string; application?: string; facts: Record<string, string | null>; conf: Record<string, string>; statements: number; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Start a session; its interpreter is on the way when this answers */
  "POST /api/v1/sessions": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { kind?: "python" | "pyspark" | "sql" | "spark-sql"; name?: string; conf?: Record<string, string>; driverMemory?: string; driverCores?: number; executorMemory?: string; executorCores?: number; numExecutors?: number; queue?: string; jars?: (string)[]; pyFiles?: (string)[]; files?: (string)[]; archives?: (string)[]; heartbeatTimeoutInSecond?: number; ttl?: string; idleTimeout?: string; };
    answer: { id: number; name?: string; kind: "python" | "pyspark" | "sql" | "spark-sql"; state: "not_started" | "starting" | "idle" | "busy" | "recovering" | "shutting_down" | "error" | "dead" | "killed" | "success"; reason?: string; owner: string; created: string; ready?: string; ended?: string; application?: string; facts: Record<string, string | null>; conf: Record<string, string>; statements: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** One session */
  "GET /api/v1/sessions/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: number; name?: string; kind: "python" | "pyspark" | "sql" | "spark-sql"; state: "not_started" | "starting" | "idle" | "busy" | "recovering" | "shutting_down" | "error" | "dead" | "killed" | "success"; reason?: string; owner: string; created: string; ready?: string; ended?: string; application?: string; facts: Record<string, string | null>; conf: Record<string, string>; statements: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** End a session and forget it; its processes are gone when this answers */
  "DELETE /api/v1/sessions/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** What the identifier at the cursor may go on with */
  "POST /api/v1/sessions/{id}/completion": {
    path: { id: string; };
    query: Record<never, never>;
    body: { code: string; cursor?: number; };
    answer: { candidates: (string)[]; };
  };
  /** How a session and its statements stand, as server-sent events: `state` and `statement`; ends with the session */
  "GET /api/v1/sessions/{id}/events": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** What a session has printed outside of statements, and what the server has to say of it */
  "GET /api/v1/sessions/{id}/log": {
    path: { id: string; };
    query: { from?: number; size?: number; };
    body: undefined;
    answer: { from: number; total: number; lines: (string)[]; };
  };
  /** A page of the statements of a session, with their outputs */
  "GET /api/v1/sessions/{id}/statements": {
    path: { id: string; };
    query: { page?: number; per_page?: number; };
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** Run a statement: it waits for those before it. With `wait` the answer comes with its end, or after so many milliseconds */
  "POST /api/v1/sessions/{id}/statements": {
    path: { id: string; };
    query: { wait?: number; };
    body: { code: string; kind?: string; };
    answer: { id: number; code: string; state: "waiting" | "running" | "available" | "cancelling" | "cancelled"; output: Record<string, unknown> | null; progress: number; started: number; completed: number; stages?: (Record<string, unknown>)[]; links: Record<string, unknown>; };
  };
  /** One statement, with its output */
  "GET /api/v1/sessions/{id}/statements/{statement}": {
    path: { id: string; statement: number; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: number; code: string; state: "waiting" | "running" | "available" | "cancelling" | "cancelled"; output: Record<string, unknown> | null; progress: number; started: number; completed: number; stages?: (Record<string, unknown>)[]; links: Record<string, unknown>; };
  };
  /** Cancel a statement */
  "POST /api/v1/sessions/{id}/statements/{statement}/cancel": {
    path: { id: string; statement: number; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: number; code: string; state: "waiting" | "running" | "available" | "cancelling" | "cancelled"; output: Record<string, unknown> | null; progress: number; started: number; completed: number; stages?: (Record<string, unknown>)[]; links: Record<string, unknown>; };
  };
  /** What a statement prints and how far it is, as server-sent events: `statement`, `printed` and `progress`; ends with it */
  "GET /api/v1/sessions/{id}/statements/{statement}/events": {
    path: { id: string; statement: number; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** End a session and keep its entry */
  "POST /api/v1/sessions/{id}/stop": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: number; name?: string; kind: "python" | "pyspark" | "sql" | "spark-sql"; state: "not_started" | "starting" | "idle" | "busy" | "recovering" | "shutting_down" | "error" | "dead" | "killed" | "success"; reason?: string; owner: string; created: string; ready?: string; ended?: string; application?: string; facts: Record<string, string | null>; conf: Record<string, string>; statements: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** The keys that sign tokens */
  "GET /api/v1/signing-keys": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; };
    body: undefined;
    answer: { items: ({ kid: string; state: "current" | "next" | "retired"; since: string; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Sign by the next key from now on */
  "POST /api/v1/signing-keys/rotate": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { at_once?: boolean; };
    answer: { items: ({ kid: string; state: "current" | "next" | "retired"; since: string; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** The listeners that the configuration declares */
  "GET /api/v1/sockets": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; };
    body: undefined;
    answer: { items: ({ name: string; state: "stopped" | "listening" | "stopping" | "failed"; reason?: string; address: string; framing?: string; to: string; since?: string; connections: number; accepted: number; bytes: number; frames: number; delivered: number; refused: number; lost: number; waiting_bytes: number; turned_away: Record<string, number>; faults: Record<string, number>; kernel_drops?: number; last_reason?: string; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** One listener */
  "GET /api/v1/sockets/{name}": {
    path: { name: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { name: string; state: "stopped" | "listening" | "stopping" | "failed"; reason?: string; address: string; framing?: string; to: string; since?: string; connections: number; accepted: number; bytes: number; frames: number; delivered: number; refused: number; lost: number; waiting_bytes: number; turned_away: Record<string, number>; faults: Record<string, number>; kernel_drops?: number; last_reason?: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Frames as they come, as server-sent events: `frame`, and `left_out` where a reader is too slow */
  "GET /api/v1/sockets/{name}/frames": {
    path: { name: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** Who is connected to a listener; of UDP, who has sent */
  "GET /api/v1/sockets/{name}/peers": {
    path: { name: string; };
    query: { page?: number; per_page?: number; };
    body: undefined;
    answer: { items: ({ connection: number; address: string; since: string; last: string; bytes: number; frames: number; held_back: boolean; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Open a listener */
  "POST /api/v1/sockets/{name}/start": {
    path: { name: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { name: string; state: "stopped" | "listening" | "stopping" | "failed"; reason?: string; address: string; framing?: string; to: string; since?: string; connections: number; accepted: number; bytes: number; frames: number; delivered: number; refused: number; lost: number; waiting_bytes: number; turned_away: Record<string, number>; faults: Record<string, number>; kernel_drops?: number; last_reason?: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Close a listener: those who are connected may end, and what came is delivered */
  "POST /api/v1/sockets/{name}/stop": {
    path: { name: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { name: string; state: "stopped" | "listening" | "stopping" | "failed"; reason?: string; address: string; framing?: string; to: string; since?: string; connections: number; accepted: number; bytes: number; frames: number; delivered: number; refused: number; lost: number; waiting_bytes: number; turned_away: Record<string, number>; faults: Record<string, number>; kernel_drops?: number; last_reason?: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Flows in order of time, streamed */
  "GET /api/v1/stream/flows": {
    path: Record<never, never>;
    query: { filter?: string; scanned_after?: string; scanned_before?: string; ingested_after?: string; limit?: number; format?: string; fields?: string; order?: "time" | "-time"; bigint?: "number" | "string"; header?: "present" | "absent"; };
    body: undefined;
    answer: unknown;
  };
  /** The same as arrow */
  "GET /api/v1/stream/flows.arrow": {
    path: Record<never, never>;
    query: { filter?: string; scanned_after?: string; scanned_before?: string; ingested_after?: string; limit?: number; format?: string; fields?: string; order?: "time" | "-time"; bigint?: "number" | "string"; header?: "present" | "absent"; };
    body: undefined;
    answer: unknown;
  };
  /** The same as csv */
  "GET /api/v1/stream/flows.csv": {
    path: Record<never, never>;
    query: { filter?: string; scanned_after?: string; scanned_before?: string; ingested_after?: string; limit?: number; format?: string; fields?: string; order?: "time" | "-time"; bigint?: "number" | "string"; header?: "present" | "absent"; };
    body: undefined;
    answer: unknown;
  };
  /** The same as json */
  "GET /api/v1/stream/flows.json": {
    path: Record<never, never>;
    query: { filter?: string; scanned_after?: string; scanned_before?: string; ingested_after?: string; limit?: number; format?: string; fields?: string; order?: "time" | "-time"; bigint?: "number" | "string"; header?: "present" | "absent"; };
    body: undefined;
    answer: unknown;
  };
  /** The same as ndjson */
  "GET /api/v1/stream/flows.ndjson": {
    path: Record<never, never>;
    query: { filter?: string; scanned_after?: string; scanned_before?: string; ingested_after?: string; limit?: number; format?: string; fields?: string; order?: "time" | "-time"; bigint?: "number" | "string"; header?: "present" | "absent"; };
    body: undefined;
    answer: unknown;
  };
  /** The same as parquet */
  "GET /api/v1/stream/flows.parquet": {
    path: Record<never, never>;
    query: { filter?: string; scanned_after?: string; scanned_before?: string; ingested_after?: string; limit?: number; format?: string; fields?: string; order?: "time" | "-time"; bigint?: "number" | "string"; header?: "present" | "absent"; };
    body: undefined;
    answer: unknown;
  };
  /** The same as xml */
  "GET /api/v1/stream/flows.xml": {
    path: Record<never, never>;
    query: { filter?: string; scanned_after?: string; scanned_before?: string; ingested_after?: string; limit?: number; format?: string; fields?: string; order?: "time" | "-time"; bigint?: "number" | "string"; header?: "present" | "absent"; };
    body: undefined;
    answer: unknown;
  };
  /** A page of tickets */
  "GET /api/v1/tickets": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; cursor?: string; q?: string; state?: string; severity?: string; assignee?: string; label?: string; host?: string; order?: "id" | "-id" | "updated" | "-updated" | "severity" | "-severity" | "state" | "-state" | "subject" | "-subject"; include?: "description"; };
    body: undefined;
    answer: { items: ({ id: string; subject: string; state: "open" | "in-progress" | "waiting" | "resolved" | "closed"; severity: "low" | "medium" | "high" | "critical"; assignee: string | null; labels: (string)[]; about: { hosts: (string)[]; flows: (string)[]; scans: (string)[]; jobs: (string)[]; }; comment_count: number; created_at: string; created_by: string | null; created_via: string; updated_at: string; updated_by: string | null; updated_via: string; description?: string; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Open a ticket */
  "POST /api/v1/tickets": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { description: string; state?: "open" | "in-progress" | "waiting" | "resolved" | "closed"; severity?: "low" | "medium" | "high" | "critical"; assignee?: string | null; labels?: (string)[]; about?: { hosts?: (string)[]; flows?: (string)[]; scans?: (string)[]; jobs?: (string)[]; }; };
    answer: { id: string; subject: string; state: "open" | "in-progress" | "waiting" | "resolved" | "closed"; severity: "low" | "medium" | "high" | "critical"; assignee: string | null; labels: (string)[]; about: { hosts: (string)[]; flows: (string)[]; scans: (string)[]; jobs: (string)[]; }; comment_count: number; created_at: string; created_by: string | null; created_via: string; updated_at: string; updated_by: string | null; updated_via: string; description: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Delete all tickets; needs `confirm=all` */
  "DELETE /api/v1/tickets": {
    path: Record<never, never>;
    query: { confirm?: string; };
    body: undefined;
    answer: unknown;
  };
  /** One ticket */
  "GET /api/v1/tickets/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: string; subject: string; state: "open" | "in-progress" | "waiting" | "resolved" | "closed"; severity: "low" | "medium" | "high" | "critical"; assignee: string | null; labels: (string)[]; about: { hosts: (string)[]; flows: (string)[]; scans: (string)[]; jobs: (string)[]; }; comment_count: number; created_at: string; created_by: string | null; created_via: string; updated_at: string; updated_by: string | null; updated_via: string; description: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Write a ticket whole: what is left out gets its default */
  "PUT /api/v1/tickets/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: { description: string; state?: "open" | "in-progress" | "waiting" | "resolved" | "closed"; severity?: "low" | "medium" | "high" | "critical"; assignee?: string | null; labels?: (string)[]; about?: { hosts?: (string)[]; flows?: (string)[]; scans?: (string)[]; jobs?: (string)[]; }; id?: unknown; subject?: unknown; comment_count?: unknown; created_at?: unknown; created_by?: unknown; created_via?: unknown; updated_at?: unknown; updated_by?: unknown; updated_via?: unknown; links?: unknown; };
    answer: { id: string; subject: string; state: "open" | "in-progress" | "waiting" | "resolved" | "closed"; severity: "low" | "medium" | "high" | "critical"; assignee: string | null; labels: (string)[]; about: { hosts: (string)[]; flows: (string)[]; scans: (string)[]; jobs: (string)[]; }; comment_count: number; created_at: string; created_by: string | null; created_via: string; updated_at: string; updated_by: string | null; updated_via: string; description: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Change parts of a ticket (JSON merge patch, RFC 7396) */
  "PATCH /api/v1/tickets/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: { description?: string; state?: "open" | "in-progress" | "waiting" | "resolved" | "closed"; severity?: "low" | "medium" | "high" | "critical"; assignee?: string | null; labels?: (string)[] | null; about?: { hosts?: (string)[] | null; flows?: (string)[] | null; scans?: (string)[] | null; jobs?: (string)[] | null; } | null; id?: unknown; subject?: unknown; comment_count?: unknown; created_at?: unknown; created_by?: unknown; created_via?: unknown; updated_at?: unknown; updated_by?: unknown; updated_via?: unknown; links?: unknown; };
    answer: { id: string; subject: string; state: "open" | "in-progress" | "waiting" | "resolved" | "closed"; severity: "low" | "medium" | "high" | "critical"; assignee: string | null; labels: (string)[]; about: { hosts: (string)[]; flows: (string)[]; scans: (string)[]; jobs: (string)[]; }; comment_count: number; created_at: string; created_by: string | null; created_via: string; updated_at: string; updated_by: string | null; updated_via: string; description: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Delete a ticket with its comments and history */
  "DELETE /api/v1/tickets/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** Comments on a ticket, the oldest first */
  "GET /api/v1/tickets/{id}/comments": {
    path: { id: string; };
    query: { page?: number; per_page?: number; };
    body: undefined;
    answer: { items: ({ id: string; at: string; by: string | null; via: string; text: string; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Comment on a ticket */
  "POST /api/v1/tickets/{id}/comments": {
    path: { id: string; };
    query: Record<never, never>;
    body: { text: string; };
    answer: { id: string; at: string; by: string | null; via: string; text: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** One comment */
  "GET /api/v1/tickets/{id}/comments/{comment}": {
    path: { id: string; comment: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: string; at: string; by: string | null; via: string; text: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Delete a comment; the history keeps what it said */
  "DELETE /api/v1/tickets/{id}/comments/{comment}": {
    path: { id: string; comment: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** Who did what to a ticket, the oldest first */
  "GET /api/v1/tickets/{id}/history": {
    path: { id: string; };
    query: { page?: number; per_page?: number; };
    body: undefined;
    answer: { items: ({ at: string; by: string | null; via: string; what: "created" | "changed" | "commented" | "comment-deleted"; changes?: ({ field: string; from: unknown; to: unknown; })[]; comment?: string; text?: string; author?: string | null; })[]; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Move a ticket to another state */
  "POST /api/v1/tickets/{id}/state/{state}": {
    path: { id: string; state: "open" | "in-progress" | "waiting" | "resolved" | "closed"; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: string; subject: string; state: "open" | "in-progress" | "waiting" | "resolved" | "closed"; severity: "low" | "medium" | "high" | "critical"; assignee: string | null; labels: (string)[]; about: { hosts: (string)[]; flows: (string)[]; scans: (string)[]; jobs: (string)[]; }; comment_count: number; created_at: string; created_by: string | null; created_via: string; updated_at: string; updated_by: string | null; updated_via: string; description: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** The personal tokens of a user, the newest last */
  "GET /api/v1/tokens": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; cursor?: string; user?: string; };
    body: undefined;
    answer: { items: ({ id: string; user: string; title: string; role: "viewer" | "operator" | "admin"; created_at: string; ends_at: string; last_used_at?: string; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Make a personal token */
  "POST /api/v1/tokens": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { title: string; role?: "viewer" | "operator" | "admin"; days?: number; user?: string; };
    answer: { id: string; user: string; title: string; role: "viewer" | "operator" | "admin"; created_at: string; ends_at: string; last_used_at?: string; links: Record<string, { href: string; title?: string; method?: string; }>; token: string; };
  };
  /** One personal token */
  "GET /api/v1/tokens/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: string; user: string; title: string; role: "viewer" | "operator" | "admin"; created_at: string; ends_at: string; last_used_at?: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** End a personal token */
  "DELETE /api/v1/tokens/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** Replace a personal token by a fresh one with the same rights */
  "POST /api/v1/tokens/{id}/rotate": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { id: string; user: string; title: string; role: "viewer" | "operator" | "admin"; created_at: string; ends_at: string; last_used_at?: string; links: Record<string, { href: string; title?: string; method?: string; }>; token: string; };
  };
  /** The files that you sent for your batches */
  "GET /api/v1/uploads": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; cursor?: string; };
    body: undefined;
    answer: { items: ({ name: string; octets: number; at: string; reference: string; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** What is known of an uploaded file */
  "GET /api/v1/uploads/{name}": {
    path: { name: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { name: string; octets: number; at: string; reference: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Send a file for batches: the body is the file. One of the same name is replaced */
  "PUT /api/v1/uploads/{name}": {
    path: { name: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { name: string; octets: number; at: string; reference: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Forget an uploaded file; batches that took it along keep it */
  "DELETE /api/v1/uploads/{name}": {
    path: { name: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** All users, by name */
  "GET /api/v1/users": {
    path: Record<never, never>;
    query: { page?: number; per_page?: number; };
    body: undefined;
    answer: { items: ({ name: string; role: "viewer" | "operator" | "admin"; kind: "person" | "service"; is_disabled: boolean; must_change_password: boolean; certificates: (string)[]; created_at: string; created_by: string; updated_at: string; locked_until?: string; links: Record<string, { href: string; title?: string; method?: string; }>; })[]; page: number; per_page: number; total: number; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Add a user */
  "POST /api/v1/users": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { name: string; role: "viewer" | "operator" | "admin"; password?: string; must_change_password?: boolean; };
    answer: { name: string; role: "viewer" | "operator" | "admin"; kind: "person" | "service"; is_disabled: boolean; must_change_password: boolean; certificates: (string)[]; created_at: string; created_by: string; updated_at: string; locked_until?: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** One user */
  "GET /api/v1/users/{name}": {
    path: { name: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { name: string; role: "viewer" | "operator" | "admin"; kind: "person" | "service"; is_disabled: boolean; must_change_password: boolean; certificates: (string)[]; created_at: string; created_by: string; updated_at: string; locked_until?: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Change role, certificates, or whether he may come in */
  "PATCH /api/v1/users/{name}": {
    path: { name: string; };
    query: Record<never, never>;
    body: { role?: "viewer" | "operator" | "admin"; is_disabled?: boolean; certificates?: (string)[]; };
    answer: { name: string; role: "viewer" | "operator" | "admin"; kind: "person" | "service"; is_disabled: boolean; must_change_password: boolean; certificates: (string)[]; created_at: string; created_by: string; updated_at: string; locked_until?: string; links: Record<string, { href: string; title?: string; method?: string; }>; };
  };
  /** Remove a user; his tokens end */
  "DELETE /api/v1/users/{name}": {
    path: { name: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** End all logins of a user, everywhere */
  "POST /api/v1/users/{name}/logout": {
    path: { name: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** Give a new password; all logins of that user end */
  "PUT /api/v1/users/{name}/password": {
    path: { name: string; };
    query: Record<never, never>;
    body: { password: string; current_password?: string; must_change_password?: boolean; };
    answer: unknown;
  };
  /** Forget the wrong passwords of a user */
  "POST /api/v1/users/{name}/unlock": {
    path: { name: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** A page of jobs, in rows */
  "GET /api/v3/jobs": {
    path: Record<never, never>;
    query: { fields?: string; status?: string; user?: string; group?: string; jobname?: string; sort?: "ID" | "-ID" | "id" | "-id"; page?: number; per_page?: number; };
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** Submit a job, in the words of VOV_JOB_DESC */
  "POST /api/v3/jobs": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: Record<string, unknown>;
    answer: Record<string, unknown>;
  };
  /** One job, in a row */
  "GET /api/v3/jobs/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** Control a job: stop, suspend, resume, rerun, dequeue */
  "PUT /api/v3/jobs/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: Record<string, unknown>;
    answer: Record<string, unknown>;
  };
  /** Change priority, jobname or properties of a job */
  "PATCH /api/v3/jobs/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: Record<string, unknown>;
    answer: Record<string, unknown>;
  };
  /** Forget a job that is over */
  "DELETE /api/v3/jobs/{id}": {
    path: { id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** Some fields of a job */
  "GET /api/v3/jobs/{id}/{part}": {
    path: { id: string; part: string; };
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** The same, with the action in the path */
  "POST /api/v3/jobs/{id}/{part}": {
    path: { id: string; part: string; };
    query: Record<never, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** Log in with name and password */
  "POST /api/v3/token": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { username: string; password: string; };
    answer: { access_token: string; token_type: "Bearer"; expires_in: number; };
  };
  /** Log out: end the token of this request */
  "DELETE /api/v3/token": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** A fresh token in place of one that still holds */
  "POST /api/v3/token/renew": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { access_token: string; token_type: "Bearer"; expires_in: number; };
  };
  /** A window of the batches */
  "GET /batches": {
    path: Record<never, never>;
    query: { from?: string; size?: string; doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** Run a program once */
  "POST /batches": {
    path: Record<never, never>;
    query: { doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** One batch */
  "GET /batches/{id}": {
    path: { id: string; };
    query: { doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** End a batch and forget it; its processes are gone when this answers */
  "DELETE /batches/{id}": {
    path: { id: string; };
    query: { doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** What a batch has printed */
  "GET /batches/{id}/log": {
    path: { id: string; };
    query: { from?: string; size?: string; doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** How a batch stands */
  "GET /batches/{id}/state": {
    path: { id: string; };
    query: { doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** Whether the keys can be read and written, as etcd says it */
  "GET /health": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** Is the process up? */
  "GET /healthz": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { status: "up"; };
  };
  /** Metrics in the text form of Prometheus */
  "GET /metrics": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** This description (OpenAPI 3.1) */
  "GET /openapi.json": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** The kinds of errors */
  "GET /problems": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { problems: ({ code: string; status: number; exitCode: number; meaning: string; })[]; };
  };
  /** One kind of error */
  "GET /problems/{code}": {
    path: { code: string; };
    query: Record<never, never>;
    body: undefined;
    answer: { code: string; status: number; exitCode: number; meaning: string; };
  };
  /** Can it answer? */
  "GET /readyz": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { status: "ready"; parts: Record<string, string>; warnings?: (string)[]; };
  };
  /** Delete all tickets */
  "DELETE /remove_all_tickets": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { msg: string; };
  };
  /** A window of the sessions */
  "GET /sessions": {
    path: Record<never, never>;
    query: { from?: string; size?: string; doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** Start a session */
  "POST /sessions": {
    path: Record<never, never>;
    query: { doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** One session */
  "GET /sessions/{id}": {
    path: { id: string; };
    query: { doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** End a session and forget it; its processes are gone when this answers */
  "DELETE /sessions/{id}": {
    path: { id: string; };
    query: { doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** What an identifier may go on with */
  "POST /sessions/{id}/completion": {
    path: { id: string; };
    query: { doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** Say that a client is there */
  "POST /sessions/{id}/connect": {
    path: { id: string; };
    query: { doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** End a session and keep its entry */
  "POST /sessions/{id}/interrupt": {
    path: { id: string; };
    query: { doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** What a session has printed outside of statements */
  "GET /sessions/{id}/log": {
    path: { id: string; };
    query: { from?: string; size?: string; doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** How a session stands */
  "GET /sessions/{id}/state": {
    path: { id: string; };
    query: { doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** A window of the statements of a session */
  "GET /sessions/{id}/statements": {
    path: { id: string; };
    query: { from?: string; size?: string; order?: string; doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** Put a statement into the queue of a session */
  "POST /sessions/{id}/statements": {
    path: { id: string; };
    query: { doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** One statement, with its output */
  "GET /sessions/{id}/statements/{statement}": {
    path: { id: string; statement: string; };
    query: { doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** Cancel a statement */
  "POST /sessions/{id}/statements/{statement}/cancel": {
    path: { id: string; statement: string; };
    query: { doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** End a session and keep its entry */
  "POST /sessions/{id}/stop": {
    path: { id: string; };
    query: { doAs?: string; };
    body: undefined;
    answer: unknown;
  };
  /** Ids of all tickets */
  "GET /tickets": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: { tickets: (string)[]; } | { msg: string; };
  };
  /** Open a ticket */
  "POST /tickets": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { value: string; };
    answer: unknown;
  };
  /** Replace the description of a ticket */
  "PUT /tickets": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: { ticket_id: string; msg: string; };
    answer: unknown;
  };
  /** Delete a ticket */
  "DELETE /tickets": {
    path: Record<never, never>;
    query: { ticket_id?: string; };
    body: undefined;
    answer: unknown;
  };
  /** The description of a ticket */
  "GET /tickets/{ticket_id}": {
    path: { ticket_id: string; };
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** A key, a directory, or with `wait` its next change */
  "GET /v2/keys/{*}": {
    path: { "*": string; };
    query: { recursive?: boolean; sorted?: boolean; quorum?: boolean; wait?: boolean; waitIndex?: number; stream?: boolean; dir?: boolean; prevValue?: string; prevIndex?: number; };
    body: undefined;
    answer: { action: string; node?: { key?: string; value?: string; dir?: boolean; expiration?: string; ttl?: number; modifiedIndex?: number; createdIndex?: number; }; prevNode?: { key?: string; value?: string; dir?: boolean; expiration?: string; ttl?: number; modifiedIndex?: number; createdIndex?: number; }; };
  };
  /** Create a key in order, named by its index */
  "POST /v2/keys/{*}": {
    path: { "*": string; };
    query: Record<never, never>;
    body: unknown;
    answer: { action: string; node?: { key?: string; value?: string; dir?: boolean; expiration?: string; ttl?: number; modifiedIndex?: number; createdIndex?: number; }; prevNode?: { key?: string; value?: string; dir?: boolean; expiration?: string; ttl?: number; modifiedIndex?: number; createdIndex?: number; }; };
  };
  /** Set, create, update or compare and swap a key */
  "PUT /v2/keys/{*}": {
    path: { "*": string; };
    query: Record<never, never>;
    body: unknown;
    answer: { action: string; node?: { key?: string; value?: string; dir?: boolean; expiration?: string; ttl?: number; modifiedIndex?: number; createdIndex?: number; }; prevNode?: { key?: string; value?: string; dir?: boolean; expiration?: string; ttl?: number; modifiedIndex?: number; createdIndex?: number; }; };
  };
  /** Delete a key or a directory, or compare and delete */
  "DELETE /v2/keys/{*}": {
    path: { "*": string; };
    query: { recursive?: boolean; sorted?: boolean; quorum?: boolean; wait?: boolean; waitIndex?: number; stream?: boolean; dir?: boolean; prevValue?: string; prevIndex?: number; };
    body: undefined;
    answer: { action: string; node?: { key?: string; value?: string; dir?: boolean; expiration?: string; ttl?: number; modifiedIndex?: number; createdIndex?: number; }; prevNode?: { key?: string; value?: string; dir?: boolean; expiration?: string; ttl?: number; modifiedIndex?: number; createdIndex?: number; }; };
  };
  /** Where this API is, as text */
  "GET /v2/machines": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** The members of the store, all to be reached here */
  "GET /v2/members": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** Who leads */
  "GET /v2/stats/leader": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** Who keeps the keys */
  "GET /v2/stats/self": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** How many requests of each kind there were */
  "GET /v2/stats/store": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
  /** The release of etcd whose API this is */
  "GET /version": {
    path: Record<never, never>;
    query: Record<never, never>;
    body: undefined;
    answer: unknown;
  };
};
