package probe

import (
	"bufio"
	"io"
	"net/http"
)

const (
	// maxHeader and maxBody are how much of an answer is read, in bytes. A server is asked several times a second and might be anybody's.
	maxHeader = 16 << 10
	maxBody   = 64 << 10
	// bufferSize is small, because every connection has a buffer.
	bufferSize = 1 << 10
)

// responses reads the answers of an HTTP/1.1 server from a connection.
type responses struct {
	// limit is how many bytes more may be read.
	limit    io.LimitedReader
	buffered *bufio.Reader
}

func newResponses(r io.Reader) *responses {
	all := &responses{limit: io.LimitedReader{R: r, N: maxHeader}}
	all.buffered = bufio.NewReaderSize(&all.limit, bufferSize)
	return all
}

// wait returns when an answer begins.
func (r *responses) wait() error {
	r.limit.N = maxHeader
	_, err := r.buffered.Peek(1)
	return err
}

// next reads one answer. If the rest of it cannot be read, it returns what its status says besides the error.
func (r *responses) next() (answer, error) {
	r.limit.N = maxHeader
	for {
		response, err := http.ReadResponse(r.buffered, nil)
		switch {
		case err != nil:
			return answer{}, err
		case response.StatusCode == http.StatusSwitchingProtocols || response.Close:
			return answer{ready: ready(response.StatusCode)}, nil // the body may be endless
		case response.StatusCode < http.StatusOK:
			continue // the answer proper follows
		}
		r.limit.N = maxBody
		_, err = io.Copy(io.Discard, response.Body)
		return answer{reusable: err == nil, ready: ready(response.StatusCode)}, err
	}
}

// ready reports whether the kubelet takes a pod with this status for ready.
func ready(status int) bool { return status >= http.StatusOK && status < http.StatusBadRequest }
