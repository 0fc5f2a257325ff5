"""The mark of synthetic media as an XMP packet, which tools for pictures, film and sound look for.

The IPTC asks makers of generated media to write its digital source type into the file's XMP
(https://iptc.org/std/photometadata/documentation/userguide/, "Guidance for using Digital Source Type"). Where a packet
lies in a file: XMP Specification Part 3 (ISO 16684); in mp3 a PRIV frame, in WAV the chunk "_PMX".
"""

from collections.abc import Mapping
from xml.sax.saxutils import quoteattr

TRAINED_ALGORITHMIC_MEDIA = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
"""The IPTC's term for media made by a model that was trained on samples."""
SOURCE_TYPE = "DIGITALSOURCETYPE"
"""The field of `Tags` that holds such a term."""

_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    "xmp:CreatorTool={tool} Iptc4xmpExt:DigitalSourceType={source}/></rdf:RDF></x:xmpmeta>"
    '<?xpacket end="w"?>'
)


def xmp_packet(fields: Mapping[str, str]) -> bytes:
    """Return the packet for the fields of `Tags`, b"" if they do not say what kind of source the audio is from."""
    if SOURCE_TYPE not in fields:
        return b""
    tool, source = quoteattr(fields.get("ENCODER", "")), quoteattr(fields[SOURCE_TYPE])
    return _PACKET.format(tool=tool, source=source).encode()
