# Varnish before the load balancer: readers' pages only, for as long as Freigabe
# allows, which is a second. The desk, receipts and everything that is sent pass.
vcl 4.1;

import std;

backend balancer {
    .host = "127.0.0.1";
    .port = "8080";
    .first_byte_timeout = 30s;
}

acl nodes {
    "127.0.0.1";
    "10.0.0.0"/8;
}

sub vcl_recv {
    if (req.method == "PURGE") {
        if (!client.ip ~ nodes) {
            return (synth(405));
        }
        return (purge);
    }
    # What -purge with ban+http://… sends: the names of what has changed.
    if (req.method == "BAN") {
        if (!client.ip ~ nodes || !req.http.Surrogate-Key) {
            return (synth(405));
        }
        if (!std.ban("obj.http.Surrogate-Key ~ (^|\s)(" + regsuball(req.http.Surrogate-Key, "\s+", "|") + ")($|\s)")) {
            return (synth(500, std.ban_error()));
        }
        return (synth(200));
    }
    if (req.url ~ "^/(metrics|debug/)") {
        return (synth(404));
    }
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    if (req.url ~ "^/(desk|receipts|api/v1/(desk|receipts))" || req.http.Authorization) {
        return (pass);
    }
    # Readers' pages are the same for everyone: no cookie has a say in them.
    unset req.http.Cookie;
    return (hash);
}

sub vcl_backend_response {
    # A page that was taken down must not come back because the nodes are away.
    set beresp.grace = 0s;
    set beresp.keep = 60s;
    if (beresp.http.Cache-Control ~ "no-store|private") {
        set beresp.uncacheable = true;
    }
}
