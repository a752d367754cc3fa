package probe

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/tanist-dev/tanist/observe"
)

// maxRequest is how long a request may be, in bytes. Its author is whoever may create pods, and it is kept for each connection.
const maxRequest = 16 << 10

var errTooLong = errors.New("the request would be longer than 16 KiB")

// requestOf returns the bytes that repeat a probe. For gRPC, that is the message alone; for TCP, nothing.
func requestOf(probe observe.Probe) (request []byte, err error) {
	switch probe.Kind {
	case observe.ProbeHTTP, observe.ProbeHTTPS:
		request, err = getRequest(probe)
	case observe.ProbeGRPC:
		request = healthCheckRequest(probe.Service)
	case observe.ProbeTCP:
	default:
		err = errors.New("the kind of the probe is unknown")
	}
	if len(request) > maxRequest {
		err = errTooLong
	}
	return request, err
}

// getRequest returns the request of an HTTP probe: the same as the kubelet's, except that it keeps the connection.
func getRequest(probe observe.Probe) ([]byte, error) {
	target, err := url.Parse(probe.Path)
	if err != nil {
		target = &url.URL{Path: probe.Path} // so does the kubelet
	}
	target.Scheme, target.Host = string(probe.Kind), probe.Address.String()
	request, err := http.NewRequest(http.MethodGet, target.String(), nil) //nolint:noctx // it is only written down
	if err != nil {
		return nil, err
	}
	request.Host = probe.Host
	for _, header := range probe.Headers {
		request.Header.Add(header.Name, header.Value)
	}
	if _, ok := request.Header["User-Agent"]; !ok {
		request.Header.Set("User-Agent", "tanist")
	}
	if _, ok := request.Header["Accept"]; !ok {
		request.Header.Set("Accept", "*/*")
	} else if request.Header.Get("Accept") == "" {
		request.Header.Del("Accept")
	}
	var written bytes.Buffer
	err = request.Write(&written)
	return written.Bytes(), err
}

// get asks an HTTP/1.1 server, over TLS or not.
type get struct {
	conn      net.Conn
	request   []byte
	responses *responses
}

func (g *get) ask() error {
	_, err := g.conn.Write(g.request)
	return err
}

func (g *get) answer() (answer, error) {
	if err := g.responses.wait(); err != nil {
		return answer{}, err
	}
	_ = g.conn.SetReadDeadline(time.Now().Add(restTimeout))
	got, err := g.responses.next()
	if err != nil {
		return answer{ready: got.ready}, nil //nolint:nilerr // it has answered, only not as HTTP wants it
	}
	return got, g.conn.SetReadDeadline(time.Time{})
}
