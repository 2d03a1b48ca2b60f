// The clock of every script is the server's own: one clock for all, so that no edge with a wrong one sends numbers ahead.

/** Lua: `now`, in milliseconds since 1970, and `digits`, which writes such a number without an exponent. */
export const SCRIPT_CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function digits(number)
  return string.format('%.0f', number)
end
`;
