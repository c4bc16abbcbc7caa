/** The script of every page: what the shared frame needs, and what each domain adds. */
import "../src/bitpay/http/web/frame";
import "../src/bitpay/streams/web/streams";
