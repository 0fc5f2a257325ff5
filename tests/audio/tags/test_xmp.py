from xml.etree import ElementTree

from khala.audio.tags.xmp import TRAINED_ALGORITHMIC_MEDIA, xmp_packet


def test_the_packet_is_xml_that_names_the_source() -> None:
    packet = xmp_packet({"DIGITALSOURCETYPE": TRAINED_ALGORITHMIC_MEDIA, "ENCODER": 'A "<b>" & ü'})
    (description,) = ElementTree.fromstring(packet.decode().removeprefix("\ufeff")).iter(
        "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
    )
    assert description.get("{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType") == (
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    )
    assert description.get("{http://ns.adobe.com/xap/1.0/}CreatorTool") == 'A "<b>" & ü'


def test_audio_of_an_unknown_source_gets_none() -> None:
    assert xmp_packet({"ENCODER": "x"}) == b""
