package webhook

import (
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tanist-dev/tanist/config"
)

// TestABodyThatNeverComesHoldsNoConnection: a call that is refused is over when it is answered, whatever its client has yet to send.
func TestABodyThatNeverComesHoldsNoConnection(t *testing.T) {
	f := newFronted(t, fakeServices{}, callsWith(testSecret)...)
	server := httptest.NewServer(f.handler)
	defer server.Close()
	for path, want := range map[string]string{
		"/other": "404", "/" + otherSecret + config.PathDepartures: "403", "/" + testSecret + config.PathTuning: "413",
	} {
		size := 100_000
		if want == "413" {
			size = 100 << 20
		}
		t.Run(want, func(t *testing.T) {
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: tanist\r\nContent-Length: %d\r\n\r\n", path, size); err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(conn) // until the server closes the connection
			if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 "+want) {
				t.Errorf("got %q, and then %v, want %s and the end of the connection", answer, err, want)
			}
		})
	}
}
