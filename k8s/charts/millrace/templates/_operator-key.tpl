{{/*
The operator's REST key: mr_op_, 30 random characters, and 6 of checksum (the CRC-32 of what stands before, to the base 62). Templates
know neither CRC-32 nor exclusive or: both are looked up here, four bits at a time, the lowest first.
*/}}

{{- define "millrace.newOperatorKey" -}}
{{- $body := printf "mr_op_%s" (randAlphaNum 30) -}}
{{- $body }}{{ include "millrace.checksum" $body -}}
{{- end -}}

{{- define "millrace.checksum" -}}
{{- $digits := "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" -}}
{{- $rest := include "millrace.crc32" . | int64 -}}
{{- $out := "" -}}
{{- range until 6 -}}
{{- $digit := mod $rest 62 | int -}}
{{- $out = printf "%s%s" (substr $digit (add1 $digit | int) $digits) $out -}}
{{- $rest = div $rest 62 -}}
{{- end -}}
{{- $out -}}
{{- end -}}

{{- define "millrace.crc32" -}}
{{- $xor := fromJsonArray "[[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15],[1,0,3,2,5,4,7,6,9,8,11,10,13,12,15,14],[2,3,0,1,6,7,4,5,10,11,8,9,14,15,12,13],[3,2,1,0,7,6,5,4,11,10,9,8,15,14,13,12],[4,5,6,7,0,1,2,3,12,13,14,15,8,9,10,11],[5,4,7,6,1,0,3,2,13,12,15,14,9,8,11,10],[6,7,4,5,2,3,0,1,14,15,12,13,10,11,8,9],[7,6,5,4,3,2,1,0,15,14,13,12,11,10,9,8],[8,9,10,11,12,13,14,15,0,1,2,3,4,5,6,7],[9,8,11,10,13,12,15,14,1,0,3,2,5,4,7,6],[10,11,8,9,14,15,12,13,2,3,0,1,6,7,4,5],[11,10,9,8,15,14,13,12,3,2,1,0,7,6,5,4],[12,13,14,15,8,9,10,11,4,5,6,7,0,1,2,3],[13,12,15,14,9,8,11,10,5,4,7,6,1,0,3,2],[14,15,12,13,10,11,8,9,6,7,4,5,2,3,0,1],[15,14,13,12,11,10,9,8,7,6,5,4,3,2,1,0]]" -}}
{{- $table := fromJsonArray "[[0,0,0,0,0,0,0,0],[4,6,0,1,7,11,13,1],[8,12,0,2,14,6,11,3],[12,10,0,3,9,13,6,2],[0,9,1,4,12,13,6,7],[4,15,1,5,11,6,11,6],[8,5,1,6,2,11,13,4],[12,3,1,7,5,0,0,5],[0,2,3,8,8,11,13,14],[4,4,3,9,15,0,0,15],[8,14,3,10,6,13,6,13],[12,8,3,11,1,6,11,12],[0,11,2,12,4,6,11,9],[4,13,2,13,3,13,6,8],[8,7,2,14,10,0,0,10],[12,1,2,15,13,11,13,11]]" -}}
{{- $crc := list 15 15 15 15 15 15 15 15 -}}
{{- $text := . -}}
{{- range $i := until (len $text) -}}
{{- $byte := index $text $i | int -}}
{{- range $half := list (mod $byte 16) (div $byte 16) -}}
{{- $entry := index $table (index $xor (index $crc 0 | int) (int $half) | int) -}}
{{- $next := list -}}
{{- range $n := until 8 -}}
{{- $shifted := 0 -}}
{{- if lt $n 7 }}{{ $shifted = index $crc (add1 $n | int) }}{{ end -}}
{{- $next = append $next (index $xor ($shifted | int) (index $entry $n | int)) -}}
{{- end -}}
{{- $crc = $next -}}
{{- end -}}
{{- end -}}
{{- $sum := 0 -}}
{{- range $nibble := reverse $crc }}{{ $sum = add (mul $sum 16) (sub 15 (int $nibble)) }}{{ end -}}
{{- $sum -}}
{{- end -}}
