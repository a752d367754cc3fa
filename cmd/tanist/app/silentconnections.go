package app

import "os"

// EndSilentConnections makes client-go end a connection to the API server within 4 s when nothing arrives on it any more: its own measure is 45 s. So
// long a replica would see nothing, because all its watches share one connection, to one of several API servers, and that one can be lost. It then lists
// everything again, at another API server. While nothing else arrives, a connection costs one HTTP/2 PING a second. No handler of the API server
// delays its answer.
//
// Environment variables are the only way to tell client-go. Those that are set already stay.
func EndSilentConnections() {
	for name, seconds := range map[string]string{"HTTP2_READ_IDLE_TIMEOUT_SECONDS": "1", "HTTP2_PING_TIMEOUT_SECONDS": "3"} {
		if os.Getenv(name) == "" {
			_ = os.Setenv(name, seconds) // it fails for names that cannot be
		}
	}
}
