-- The load of the benchmark `keys`, for wrk: wrk -t1 ... -s keys-load.lua URL -- KIND KEYS VALUE_OCTETS [FIRST]
-- One thread, so that what a kind remembers is shared by all its connections. `done` writes one line of JSON.

local kind, keys, value
local count, last = 0, 0
local isTried = false
local prebuilt = {}

local function form(method, path, body)
  return method .. ' /v2/keys' .. path .. ' HTTP/1.1\r\nHost: 127.0.0.1\r\n'
    .. 'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ' .. #body .. '\r\n\r\n' .. body
end

local kinds = {
  -- A value under a random key.
  put = function() return form('PUT', '/bench/put/' .. math.random(0, keys - 1), 'value=' .. value) end,
  -- A random key that is there.
  get = function() return prebuilt[math.random(1, #prebuilt)] end,
  -- A key named by its index.
  post = function() return form('POST', '/bench/queue', 'value=' .. value) end,
  -- Everybody swaps the same key, by the index that was seen last.
  cas = function() return form('PUT', '/bench/cas?prevIndex=' .. last, 'value=' .. value) end,
  -- Keys in turn from the first on, a hundred to a directory, until there are enough; then it falls silent.
  fill = function()
    -- wrk makes one request only to look at it.
    if not isTried then isTried = true return form('GET', '/', '') end
    local number = count
    count = count + 1
    if number >= keys then wrk.thread:stop() end
    return form('PUT', '/bench/fill/' .. math.floor(number / 100) .. '/' .. number % 100, 'value=' .. value)
  end,
}

function init(args)
  kind, keys, value = args[1], tonumber(args[2]), string.rep('v', tonumber(args[3]))
  count = tonumber(args[4] or 0)
  math.randomseed(1)
  if kind == 'get' then
    for number = 0, math.min(keys, 10000) - 1 do
      prebuilt[number + 1] = 'GET /v2/keys/bench/fill/' .. math.floor(number / 100) .. '/' .. number % 100 .. ' HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
    end
  end
  request = kinds[kind]
  -- Only the swaps need the answers; without this function wrk does not make them into strings.
  if kind == 'cas' then
    response = function(status, _, body)
      if status == 200 then last = body:match('"modifiedIndex":(%d+)')
      elseif status == 412 then last = body:match('!= (%d+)%]') end
    end
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%.0f,"p99":%.0f,"max":%.0f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
