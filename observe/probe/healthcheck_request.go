package probe

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/net/http2/hpack"
)

// healthCheckHeader returns the header block of a health check. It refers to no block before it, so it can be sent again and again.
func healthCheckHeader(authority string) []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range [][2]string{
		{":method", "POST"},
		{":scheme", "http"},
		{":path", "/grpc.health.v1.Health/Check"},
		{":authority", authority},
		{"content-type", "application/grpc"},
		{"user-agent", "tanist"},
		{"te", "trailers"},
	} {
		_ = encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}) // a buffer takes all
	}
	return block.Bytes()
}

// serving reports whether data begins with a gRPC message that is a grpc.health.v1.HealthCheckResponse with the status SERVING: not compressed, its
// length, and first the field with number 1.
func serving(data []byte) bool {
	const prefix = 5
	return len(data) >= prefix && data[0] == 0 && bytes.HasPrefix(data[prefix:], []byte{1 << 3, servingStatus})
}

// servingStatus is SERVING.
const servingStatus = 1

// healthCheckRequest returns a grpc.health.v1.HealthCheckRequest as a gRPC message: not compressed, its length, and its only field.
func healthCheckRequest(service string) []byte {
	var field []byte
	if service != "" {
		field = append(field, 1<<3|2) // number 1, a string
		field = binary.AppendUvarint(field, uint64(len(service)))
		field = append(field, service...)
	}
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(field))), field...)
}
