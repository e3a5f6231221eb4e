// The reader's time zone, for the server to write times in. What the first page shows in UTC is shown again, once.
import { refresh } from "./live.js";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const cookie = `sm-tz=${encodeURIComponent(zone)}`;
const isKept = () => document.cookie.split("; ").includes(cookie);

if (zone && !isKept()) {
  document.cookie = `${cookie}; Path=/; Max-Age=31536000; SameSite=Lax`;
  if (zone !== "UTC" && isKept() && document.querySelector('#sm-page time[datetime*="T"]')) refresh().catch(() => {});
}
