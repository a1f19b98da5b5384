-- One request over and over, and one line of JSON at the end.
-- wrk … -s load.lua URL -- METHOD [BODY-FILE] [HEADER=VALUE …]

function init(args)
   wrk.method = args[1] or "GET"
   if args[2] and args[2] ~= "" then
      local file = assert(io.open(args[2], "rb"))
      wrk.body = file:read("*a")
      file:close()
   end
   for index = 3, #args do
      local name, value = string.match(args[index], "^([^=]+)=(.*)$")
      wrk.headers[name] = value
   end
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '{"requests": %d, "seconds": %.6f, "failed": %d, "refused": %d, "p50_ms": %.3f, "p99_ms": %.3f}\n',
      summary.requests, summary.duration / 1e6,
      errors.connect + errors.read + errors.write + errors.timeout, errors.status,
      latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
