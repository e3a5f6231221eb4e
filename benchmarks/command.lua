-- One increment per request: a JSON body, our own header, and with a prefix an Idempotency-Key of its own each time.
-- wrk ... -s command.lua http://… -- PATH COOKIE PREFIX
local path, cookie, prefix = "/", "", ""
local number = 0
local headers = { ["Content-Type"] = "application/json", ["StarModel-Request"] = "1", ["Sec-Fetch-Site"] = "same-origin" }

function init(args)
  path, cookie, prefix = args[1], args[2] or "", args[3] or ""
  if cookie ~= "" then headers["Cookie"] = cookie end
end

function request()
  if prefix ~= "" then
    number = number + 1
    headers["Idempotency-Key"] = prefix .. number
  end
  return wrk.format("POST", path, headers, '{"amount":1}')
end
