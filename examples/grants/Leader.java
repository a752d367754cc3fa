import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Prints a line again and again while this pod leads its Service. When the leader has moved, or it is told to stop, it steps down. It needs no
 * libraries:
 *
 * <pre>TANIST_SERVICE=db java Leader.java</pre>
 */
public final class Leader {
    private static final String URL = System.getenv().getOrDefault("TANIST_GRANTS_URL", "http://tanist-grants.tanist-system");

    private HttpClient http = connect();
    private final String service;
    private final String pod;
    private volatile String session = UUID.randomUUID().toString();
    private volatile Grant grant = new Grant(0, Moment.now(), 0);

    Leader(String service, String pod) {
        this.service = service;
        this.pod = pod;
    }

    /** What this process may do: act as the leader with a term, for some milliseconds from when it has asked. */
    record Grant(long term, Moment sent, long milliseconds) {
        long left() {
            return milliseconds - sent.millisecondsSince();
        }
    }

    /** One moment by three clocks: one stops while the machine is suspended, and another may be set. */
    record Moment(long monotonic, long wall, long boot) {
        static Moment now() {
            return new Moment(System.nanoTime() / 1_000_000, System.currentTimeMillis(), sinceBoot());
        }

        long millisecondsSince() {
            Moment now = now();
            return Math.max(now.monotonic - monotonic, Math.max(now.wall - wall, now.boot - boot));
        }

        /** The milliseconds since the machine has started, also while it was suspended; 0 where the kernel does not say. */
        private static long sinceBoot() {
            try {
                return (long) (Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ")[0]) * 1000);
            } catch (IOException e) {
                return 0;
            }
        }
    }

    private static HttpClient connect() {
        return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofMillis(500)).build();
    }

    /** Whether this process may act as the leader at this moment. Call it before each thing that only a leader may do. */
    boolean valid() {
        return grant.left() > 0;
    }

    /** Asks for a grant. Call it some times in the time that a grant lasts. */
    void ask() throws IOException, InterruptedException {
        Moment sent = Moment.now(); // before the request: the grant counts from when it is sent
        String answer = call("GET", "/v1/me", session, "");
        if (!answer.contains("\"pod\":\"" + pod + "\"")) {
            return; // an answer about another pod is void: this pod has its address
        }
        long milliseconds = number(answer, "validForMilliseconds");
        long term = number(answer, "term");
        if (milliseconds > 0) {
            grant = new Grant(term, sent, milliseconds);
        } else if (term > grant.term() && valid()) {
            stepDown(); // the leader has moved, and nothing here acts as the leader at this moment
        } else if (answer.contains("\"refused\"")) {
            http = connect(); // another replica of Tanist may know more: a new connection may reach it
        }
    }

    /** Ends the grant. Call it when nothing in this pod acts as the leader any more. Tanist then lets the next leader begin. */
    void stepDown() throws InterruptedException {
        Grant last = grant;
        String ended = session;
        grant = new Grant(last.term(), last.sent(), 0);
        session = UUID.randomUUID().toString();
        while (last.left() > 0) {
            try {
                if (call("POST", "/v1/me/stepdown", ended, "&term=" + last.term()).contains("\"released\":true")) {
                    return;
                }
            } catch (IOException e) {
                // It is tried again until the grant has expired.
            }
            Thread.sleep(50);
        }
    }

    private String call(String method, String path, String session, String more) throws IOException, InterruptedException {
        URI uri = URI.create(URL + path + "?service=" + service + "&session=" + session + more);
        HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofMillis(500)).method(method, HttpRequest.BodyPublishers.noBody()).build();
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException("Tanist answers " + response.statusCode() + ": " + response.body());
        }
        return response.body();
    }

    /** The number that a field of the answer has, which has one Service; 0 if it has none. An application would use its JSON library. */
    private static long number(String answer, String field) {
        Matcher found = Pattern.compile("\"" + field + "\":(\\d+)").matcher(answer);
        return found.find() ? Long.parseLong(found.group(1)) : 0;
    }

    public static void main(String[] args) throws Exception {
        String pod = System.getenv().getOrDefault("TANIST_POD", System.getenv().getOrDefault("HOSTNAME", ""));
        Leader leader = new Leader(System.getenv("TANIST_SERVICE"), pod);
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            main.interrupt();
            try {
                main.join();
                leader.stepDown();
            } catch (InterruptedException e) {
                // The grant expires.
            }
        }));
        try {
            while (!Thread.interrupted()) {
                try {
                    leader.ask();
                } catch (IOException e) {
                    System.out.println("failed to ask: " + e); // the grant stays valid until it expires
                }
                if (leader.valid()) {
                    System.out.println("leading with term " + leader.grant.term());
                }
                Thread.sleep(200);
            }
        } catch (InterruptedException e) {
            // It is told to stop.
        }
    }
}
