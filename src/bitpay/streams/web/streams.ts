/** What the pages of streams do in the browser. */
import "./counters";
import "./actions";
