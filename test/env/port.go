package env

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
)

// nextPort counts upwards, below the range of ports for outgoing connections: such a connection could take a port after it was found unused.
// It begins at another port in each run.
var nextPort atomic.Int64

func init() { nextPort.Store(20_000 + rand.Int64N(10_000)) }

// UnusedPort returns a port that no program listens on, and that no other call of this program returns.
func UnusedPort() int {
	for {
		port := int(nextPort.Add(1))
		listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err == nil {
			_ = listener.Close()
			return port
		}
		if port > 32_000 {
			panic(err)
		}
	}
}

// UnusedAddress is UnusedPort on this machine's own address.
func UnusedAddress() string { return fmt.Sprintf("127.0.0.1:%d", UnusedPort()) }
