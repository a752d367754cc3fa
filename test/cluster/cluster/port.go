package cluster

import (
	"fmt"
	"net"
	"strconv"
)

// FirstPort is the API server's port, unless somebody asks for another one or it is taken.
const FirstPort = 16443

// ports is how many ports are tried when nobody asks for one.
const ports = 100

// checkPort returns an error if the port that was asked for is taken.
func (o Options) checkPort() error {
	if o.Port == 0 || o.portIsFree(o.Port) {
		return nil
	}
	return fmt.Errorf("port %d for the API server is taken: choose another one with --port, or leave it out for one that is free", o.Port)
}

// choosePort returns the port that was asked for, or the first one that is free. It counts upwards and takes none of the ports that
// the kernel gives to connections: one of those could be given away before the API server listens.
func (o Options) choosePort() (int, error) {
	if o.Port != 0 {
		return o.Port, nil
	}
	for port := FirstPort; port < FirstPort+ports; port++ {
		if o.portIsFree(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("the ports %d to %d are taken: choose another one for the API server with --port", FirstPort, FirstPort+ports-1)
}

func (o Options) portIsFree(port int) bool {
	listener, err := net.Listen("tcp", net.JoinHostPort(o.bind(), strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

// bind is what the API server listens on: with real nodes their network as well, without them loopback alone.
func (o Options) bind() string {
	if o.Nodes > 0 {
		return "0.0.0.0"
	}
	return "127.0.0.1"
}
