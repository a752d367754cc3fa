// Package http2raw begins requests over HTTP/2 as no ordinary client does.
package http2raw

import (
	"bytes"
	"io"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// BeginUnread begins GET requests of a path over a new connection, each with the given header fields too, and forbids the server to send the
// bodies of their answers.
func BeginUnread(conn io.ReadWriter, path string, requests int, fields ...hpack.HeaderField) error {
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		return err
	}
	framer := http2.NewFramer(conn, conn)
	if err := framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}); err != nil {
		return err
	}
	var headers bytes.Buffer
	encoder := hpack.NewEncoder(&headers)
	fields = append([]hpack.HeaderField{
		{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "https"}, {Name: ":authority", Value: "tanist"}, {Name: ":path", Value: path},
	}, fields...)
	for i := range requests {
		headers.Reset()
		for _, field := range fields {
			if err := encoder.WriteField(field); err != nil {
				return err
			}
		}
		if err := framer.WriteHeaders(http2.HeadersFrameParam{
			StreamID: uint32(2*i + 1), BlockFragment: headers.Bytes(), EndStream: true, EndHeaders: true,
		}); err != nil {
			return err
		}
	}
	return nil
}
